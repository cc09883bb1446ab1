using System.Text.Json;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import;

/// <summary>Models of other tools with outputs that other frameworks gave for them.</summary>
public sealed class ConformanceTests
{
    /// <summary>Cases with what no model needs: a float64 result, indices of maxima, results of no elements.</summary>
    private static readonly string[] Refused =
        ["test_max_float64", "test_maxpool_with_argmax_2d_precomputed_strides", "test_reshape_allowzero_reordered", "test_split_zero_size_splits"];

    /// <summary>Operators beside those that are counted as core.</summary>
    private static readonly string[] Further =
        ["Ceil", "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "Floor", "MatMulInteger", "QuantizeLinear", "Round"];

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void RecurrentOperatorsGiveTheGoldenOutputs(string kernel)
    {
        TestModels.Require(kernel);
        var failures = new List<string>();
        var passed = 0;
        foreach (var test in Cases("onnx-rnn", manifest => manifest, entry => entry.GetProperty("atol").GetDouble()))
        {
            passed += Try(test, failures, kernel, test.Options(findStates: false)) ? 1 : 0;
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(passed >= 71, $"{passed} cases");
    }

    [Fact]
    public void RecurrentOperatorsWithConstantInputsGiveTheGoldenOutputs()
    {
        // Weights that are graph inputs, bound when the model is imported.
        var failures = new List<string>();
        var passed = 0;
        foreach (var test in Cases("onnx-rnn", manifest => manifest, entry => entry.GetProperty("atol").GetDouble()))
        {
            passed += Try(test, failures, null, test.Options(findStates: false, "W", "R", "B", "P", "sequence_lens")) ? 1 : 0;
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(passed >= 71, $"{passed} cases");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PyTorchExportsGiveTheGoldenOutputs(bool findStates)
    {
        var failures = new List<string>();
        var passed = 0;
        foreach (var test in Cases("torch", manifest => manifest, entry => entry.GetProperty("atol").GetDouble()))
        {
            passed += Try(test, failures, null, test.Options(findStates)) ? 1 : 0;
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(passed >= 17, $"{passed} cases");
    }

    [Fact]
    public void OperatorsGiveTheGoldenOutputs()
    {
        // Each case runs with as much of it computed in the step as can be: all inputs; or all but the integers, which say shapes; or the
        // first input only; or none, where all of it folds.
        var failures = new List<string>();
        var counts = new int[4];
        foreach (var test in Cases("onnx-node", manifest => manifest.GetProperty("tests"), _ => 1e-6, IsChosen))
        {
            var integers = test.Inputs.Where(input => input.Data.Type != RnnRuntime.Import.Tensors.ElementType.Float32).Select(input => input.Name);
            IEnumerable<string>[] constants = [[], integers, test.Inputs.Skip(1).Select(input => input.Name), test.Inputs.Select(input => input.Name)];
            var tried = new List<string>();
            var level = Array.FindIndex(constants, names => Try(test, tried, null, test.Options(findStates: false, names)));
            if (level < 0 && Refused.Contains(test.Name))
            {
                Assert.All(tried, message => Assert.Contains(nameof(RnnImportException), message));
            }
            else if (level < 0)
            {
                failures.Add(string.Join(Environment.NewLine + "    ", tried));
            }
            else
            {
                counts[level]++;
            }
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(counts[0] >= 106 && counts[0] + counts[1] >= 138 && counts.Sum() == 161 - Refused.Length, $"cases by what is computed: {string.Join(", ", counts)}");
    }

    private static bool IsChosen(JsonElement entry) => entry.GetProperty("tier").GetString() == "core" || Further.Contains(entry.GetProperty("op").GetString());

    private static bool Try(ModelCase test, List<string> failures, string? kernel, RnnImportOptions options)
    {
        try
        {
            using var model = RnnImporter.Load(test.Model, options, new RnnOptions { Kernel = kernel });
            test.Check(model);
            return true;
        }
        catch (Exception exception)
        {
            failures.Add($"{test.Name}: {exception.GetType().Name}: {exception.Message}");
            return false;
        }
    }

    /// <summary>The cases of a set of models, as its manifest lists them.</summary>
    internal static IEnumerable<ModelCase> Cases(
        string set, Func<JsonElement, JsonElement> list, Func<JsonElement, double> absolute, Func<JsonElement, bool>? chosen = null)
    {
        var folder = SharedModels.Folder(set);
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        foreach (var entry in list(manifest.RootElement).EnumerateArray().Where(chosen ?? (_ => true)).Select(entry => entry.Clone()).ToList())
        {
            var model = entry.TryGetProperty("onnx", out var path) ? path.GetString() : Path.Combine(entry.GetProperty("name").GetString()!, "model.onnx");
            if (model is not null)
            {
                yield return ModelCase.Read(folder, entry, model, entry.TryGetProperty("rtol", out var relative) ? relative.GetDouble() : 0, absolute(entry));
            }
        }
    }
}
