using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Import;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

/// <summary>The standard's own node tests, with every input known.</summary>
public sealed class OnnxNodeTests
{
    private const int OldestOpset = 7;
    private const int LeastCases = 219;

    [Fact]
    public void EveryCaseOfAFoldedOperatorGivesTheGoldenOutputs()
    {
        var folder = SharedModels.Folder("onnx-node");
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var names = FoldingEvaluator.Names.ToHashSet();
        var ran = 0;
        List<string> failures = [];
        foreach (var test in manifest.RootElement.GetProperty("tests").EnumerateArray())
        {
            if (!names.Contains(test.GetProperty("op").GetString()!))
            {
                continue;
            }

            ran++;
            try
            {
                Check(folder, test);
            }
            catch (Exception error)
            {
                failures.Add($"{test.GetProperty("name").GetString()}: {error.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(ran >= LeastCases, $"{ran} cases ran, at least {LeastCases} are expected.");
    }

    private static void Check(string folder, JsonElement test)
    {
        var (node, names, opset) = Node(folder, test);
        var values = names.Zip(Tensors(folder, test, "inputs")).ToDictionary(pair => pair.First, pair => pair.Second);
        var outputs = FoldingEvaluator.Evaluate(
            node, [.. node.Inputs.Select(name => name.Length == 0 ? null : values[name])], opset, new RnnImportLimits());
        Assert.NotNull(outputs);
        var actual = outputs.Value.Where(output => output is not null).ToArray();
        var expected = Tensors(folder, test, "outputs").ToArray();
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (want, got) in expected.Zip(actual))
        {
            TensorAssert.Close(want, got!);
        }
    }

    /// <summary>The file's node; where the file's opset is older than those that are read, the manifest's.</summary>
    private static (OnnxNode Node, ImmutableArray<string> Inputs, int Opset) Node(string folder, JsonElement test)
    {
        var opset = test.GetProperty("opset").GetInt32();
        if (opset >= OldestOpset)
        {
            var path = Path.Combine(folder, test.GetProperty("name").GetString()!, "model.onnx");
            var model = OnnxReader.Read(File.ReadAllBytes(path), null, new RnnImportLimits());
            Assert.Equal(opset, model.Opset);
            return (Assert.Single(model.Graph.Nodes), [.. model.Graph.Inputs.Select(input => input.Name)], opset);
        }

        ImmutableArray<string> inputs = [.. test.GetProperty("inputs").EnumerateArray().Select(input => input.GetProperty("name").GetString()!)];
        var outputs = test.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()!);
        var attributes = test.GetProperty("attributes").EnumerateObject().ToImmutableDictionary(
            pair => pair.Name, pair => (object)(pair.Value.GetRawText().Contains('.') ? pair.Value.GetSingle() : throw new NotSupportedException(pair.Name)));
        return (new OnnxNode("#0", test.GetProperty("op").GetString()!, "", inputs, [.. outputs], attributes), inputs, OldestOpset);
    }

    private static IEnumerable<HostTensor> Tensors(string folder, JsonElement test, string list) =>
        test.GetProperty(list).EnumerateArray().Select(tensor => TestNpy.Read(Path.Combine(folder, tensor.GetProperty("file").GetString()!)));
}
