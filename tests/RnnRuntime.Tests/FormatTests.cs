using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Memory;

namespace RnnRuntime.Tests;

public sealed class FormatTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    public void RoundTripKeepsEveryNode(bool operators, bool int8, bool withGolden)
    {
        var sample = operators ? SampleGraphs.Operators() : SampleGraphs.Layers();
        var graph = int8 ? SampleGraphs.ToInt8(sample) : sample;
        var golden = withGolden ? SampleGraphs.Golden(graph, 3) : null;
        var bytes = SampleGraphs.Write(graph, golden);
        var read = RnnFileReader.Read(bytes);
        Assert.Equal(Lines(graph), Lines(read.Graph));
        Assert.Equal(graph.Metadata, read.Graph.Metadata);
        Assert.Equal(withGolden, read.Golden is not null);
        Assert.Equal(golden?.TimeSteps, read.Golden?.TimeSteps);
        Assert.Equal(golden?.Inputs.Keys.Order(), read.Golden?.Inputs.Keys.Order());
        Assert.Equal(golden?.Outputs.Keys.Order(), read.Golden?.Outputs.Keys.Order());
        Assert.Equal(bytes, SampleGraphs.Write(read));
    }

    [Fact]
    public void EveryKindOfNodeIsInTheSample()
    {
        var kinds = typeof(Node).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Node)) && !type.IsAbstract);
        var nodes = SampleGraphs.Layers().Nodes.AddRange(SampleGraphs.Operators().Nodes);
        Assert.Equal(kinds.Select(kind => kind.Name).Order(), nodes.Select(node => node.GetType().Name).Distinct().Order());
        Assert.Equal(Enum.GetValues<UnaryOperator>(), nodes.OfType<UnaryNode>().Select(node => node.Function).Distinct().Order());
        Assert.Equal(Enum.GetValues<BinaryOperator>(), nodes.OfType<BinaryNode>().Select(node => node.Function).Distinct().Order());
        Assert.Equal(Enum.GetValues<ReduceOperator>(), nodes.OfType<ReduceNode>().Select(node => node.Function).Order());
        Assert.Equal(Enum.GetValues<SequenceCell>(), nodes.OfType<SequenceNode>().Select(node => node.Cell).Order());
    }

    [Fact]
    public void MapsAndIntegersAreNotTrainedValues()
    {
        var graph = SampleGraphs.Operators();
        var infos = graph.DescribeNodes().ToDictionary(info => info.Name);
        Assert.Equal((0, 0, null), (infos["pick"].ParameterCount, infos["pick"].ParameterBytes, infos["pick"].Precision));
        Assert.Equal((0, 0, null), (infos["fixed_ids"].ParameterCount, infos["fixed_ids"].ParameterBytes, infos["fixed_ids"].Precision));
        Assert.Equal((76, 304, TensorType.Float32), (infos["conv2d"].ParameterCount, infos["conv2d"].ParameterBytes, infos["conv2d"].Precision));
        Assert.Equal(["frames.output", "ids", "hidden.output", "x"], infos["lstm"].Inputs.Select(input => input.Name));
    }

    [Fact]
    public void SameGraphGivesSameBytes() =>
        Assert.Equal(SampleGraphs.Write(SampleGraphs.Layers(), SampleGraphs.Golden(SampleGraphs.Layers(), 2)),
            SampleGraphs.Write(SampleGraphs.Layers(), SampleGraphs.Golden(SampleGraphs.Layers(), 2)));

    [Fact]
    public void ContainerObeysSafetensorsAndAlignsTensors()
    {
        var graph = SampleGraphs.Layers();
        var bytes = SampleGraphs.Write(graph, SampleGraphs.Golden(graph, 2));
        var text = new RnnFileText(bytes);
        Assert.Equal((byte)'{', bytes[8]);
        var dataStart = bytes.Length - text.Data.Length;
        Assert.Equal(0, dataStart % 64);

        var position = 0;
        foreach (var (name, tensor) in text.Header.Where(entry => entry.Key != "__metadata__").OrderBy(entry => (int)entry.Value!["data_offsets"]![0]!))
        {
            var (begin, end) = ((int)tensor!["data_offsets"]![0]!, (int)tensor["data_offsets"]![1]!);
            Assert.Equal(position, begin);
            position = end;
            var elements = tensor["shape"]!.AsArray().Aggregate(1, (product, extent) => product * (int)extent!);
            if (name.StartsWith("__pad.", StringComparison.Ordinal))
            {
                Assert.Equal("U8", (string)tensor["dtype"]!);
                Assert.Equal(end - begin, elements);
                Assert.All(text.Data[begin..end], value => Assert.Equal(0, value));
            }
            else
            {
                Assert.Equal(0, (dataStart + begin) % 64);
                Assert.Equal(end - begin, elements * ((string)tensor["dtype"]! == "I8" ? 1 : 4));
            }
        }

        Assert.Equal(text.Data.Length, position);
    }

    [Fact]
    public void ConstantsAreSlicesOfTheFile()
    {
        var bytes = SampleGraphs.Write(SampleGraphs.Layers());
        foreach (var constant in RnnFileReader.Read(bytes).Graph.Nodes.SelectMany(node => node.Constants))
        {
            Assert.True(MemoryMarshal.TryGetArray(constant.Data, out var segment));
            Assert.Same(bytes, segment.Array);
            Assert.Equal(0, segment.Offset % 64);
        }
    }

    [Fact]
    public void TwoRolesMayShareATensor()
    {
        var graph = SampleGraphs.Layers();
        var tied = new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables,
            [.. graph.Nodes.Select(node => node is RnnNode rnn ? rnn with { RecurrentWeights = rnn.InputWeights } : node)], graph.Metadata);
        var bytes = SampleGraphs.Write(tied);
        Assert.DoesNotContain("rnn2.recurrent_weights", new RnnFileText(bytes).Header.Select(entry => entry.Key));
        var read = RnnFileReader.Read(bytes);
        Assert.All(read.Graph.Nodes.OfType<RnnNode>(), rnn => Assert.Same(rnn.InputWeights.Values, rnn.RecurrentWeights.Values));
        Assert.Equal(bytes, SampleGraphs.Write(read));
    }

    [Fact]
    public void FieldsThatMayBeLeftOut()
    {
        var text = new RnnFileText(SampleGraphs.Write(SampleGraphs.Layers()));
        text.EditGraph(graph =>
        {
            foreach (var output in graph["outputs"]!.AsArray())
            {
                output!.AsObject().Remove("type");
                output.AsObject().Remove("shape");
            }

            Node(graph, "tanh1").Remove("tensors");
            Node(graph, "delay1").Remove("tensors");
            Node(graph, "linear1")["attributes"] = new JsonObject();
            Node(graph, "causal_conv1d2")["tensors"]!.AsObject().Remove("bias");
        });
        Assert.Equal(3, RnnFileReader.Read(text.ToBytes()).Graph.Outputs.Length - 1);
    }

    [Fact]
    public void NewerVersionIsToldBeforeAnythingElse()
    {
        var text = new RnnFileText(SampleGraphs.Write(SampleGraphs.Small()));
        text.EditHeader(header =>
        {
            header["__metadata__"]!["rnn.format"] = "2";
            header["__metadata__"]!["rnn.unheard"] = "of";
            header["lstm1.bias"]!["dtype"] = "F4";
        });
        var exception = Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(text.ToBytes()));
        Assert.Equal(("metadata", "rnn.format", "version 2, a newer one", "\"1\""), (exception.Section, exception.Field, exception.Found, exception.Expected));
    }

    [Fact]
    public void ExceptionMessageHoldsAllFourParts()
    {
        var exception = new RnnFormatException("tensor a", "shape", "[2]", "[3]");
        Assert.Equal("tensor a, shape: found [2], expected [3].", exception.Message);
    }

    [Fact]
    public void MappedFileHoldsTheFile()
    {
        using var directory = new TemporaryDirectory();
        var bytes = SampleGraphs.Write(SampleGraphs.Small());
        File.WriteAllBytes(directory["small.rnn"], bytes);
        var mapped = new MappedFile(directory["small.rnn"]);
        var memory = mapped.Memory;
        Assert.True(bytes.AsSpan().SequenceEqual(memory.Span));
        Assert.Equal(bytes, SampleGraphs.Write(RnnFileReader.Read(memory)));
        ((IDisposable)mapped).Dispose();
        ((IDisposable)mapped).Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
    }

    [Fact]
    public void EmptyMissingAndHugeFilesAreErrors()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["empty.rnn"], []);
        using (IDisposable empty = new MappedFile(directory["empty.rnn"]))
        {
            Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(((MappedFile)empty).Memory));
        }

        Assert.Throws<FileNotFoundException>(() => new MappedFile(directory["missing.rnn"]));
        Assert.Throws<UnauthorizedAccessException>(() => new MappedFile(directory[""]));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a sparse file of 2 GiB is not free here");
        using (var huge = File.Create(directory["huge.rnn"]))
        {
            huge.SetLength(int.MaxValue + 1L);
        }

        var exception = Assert.Throws<RnnFormatException>(() => new MappedFile(directory["huge.rnn"]));
        Assert.Equal(("2147483648 bytes", "at most 2147483647 bytes"), (exception.Found, exception.Expected));
    }

    [Fact]
    public void ExampleOfTheFormatPageIsReadable()
    {
        var page = File.ReadAllText(RepositoryFiles.Require("src/RnnRuntime/Formats/FORMAT.md"));
        var start = page.IndexOf("```python\n", StringComparison.Ordinal) + "```python\n".Length;
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["example.py"], page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
        Process? process = null;
        try
        {
            process = Process.Start(new ProcessStartInfo("python3", "example.py") { WorkingDirectory = directory[""], RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            Assert.Skip($"python3 cannot be started here: {exception.Message}");
        }

        using (process)
        {
            var errors = process!.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
        }

        var file = RnnFileReader.Read(File.ReadAllBytes(directory["tiny.rnn"]));
        Assert.Equal(["embedding", "lstm", "linear"], file.Graph.Nodes.Select(node => node.Operator));
        Assert.Equal("tiny", file.Graph.Metadata["title"]);
    }

    private static JsonObject Node(JsonObject graph, string name) =>
        graph["nodes"]!.AsArray().Single(node => (string)node!["name"]! == name)!.AsObject();

    private static IEnumerable<string> Lines(RnnGraph graph) =>
    [
        .. graph.InputValues.Select(value => value.ToString()),
        .. graph.OutputValues.Select(output => output.ToString()),
        .. graph.StateVariables.Select(state => $"{state} {Digest(state.Initial)}"),
        .. graph.Nodes.Select(node => $"{node.GetType().Name} {string.Join("; ", node.GetType().GetProperties().Select(property => $"{property.Name} {Show(property.GetValue(node))}"))}"),
    ];

    /// <summary>A property of a node with all that it holds; a record's own text leaves out what lists and tensors hold.</summary>
    private static string Show(object? content) => content switch
    {
        null => "none",
        string text => text,
        Constant constant => Digest(constant),
        Weights weights => $"{Digest(weights.Values)} {Digest(weights.Scales)}",
        System.Collections.IEnumerable elements => $"[{string.Join(", ", elements.Cast<object>().Select(Show))}]",
        _ => $"{content}",
    };

    private static string Digest(Constant? constant) =>
        constant is null ? "" : $"{constant.Name} {constant.Type}{constant.Shape} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(constant.Data.Span))}";
}
