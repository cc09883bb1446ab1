using Google.Protobuf;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>Each limit holds at its value and is named one beyond it.</summary>
public sealed class OnnxReaderLimitTests
{
    [Fact]
    public void The_file_may_be_as_long_as_the_limit()
    {
        var length = OnnxFiles.Model().CalculateSize();
        OnnxFiles.Read(OnnxFiles.Model(), limits: new RnnImportLimits { MaximumFileBytes = length });
        Refused(nameof(RnnImportLimits.MaximumFileBytes), new RnnImportLimits { MaximumFileBytes = length - 1 });
    }

    [Fact]
    public void Nodes_of_all_subgraphs_count()
    {
        OnnxFiles.Read(OnnxFiles.Nested(3), limits: new RnnImportLimits { MaximumNodes = 4 });
        var error = OnnxFiles.Refused(OnnxFiles.Nested(3), limits: new RnnImportLimits { MaximumNodes = 3 });
        Assert.Contains(nameof(RnnImportLimits.MaximumNodes), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_and_their_elements_and_bytes_count()
    {
        OnnxFiles.Read(OnnxFiles.Model(), limits: new RnnImportLimits { MaximumTensors = 1, MaximumElements = 2 });
        Refused(nameof(RnnImportLimits.MaximumTensors), new RnnImportLimits { MaximumTensors = 0 });
        Refused(nameof(RnnImportLimits.MaximumElements), new RnnImportLimits { MaximumElements = 1 });

        var raw = OnnxFiles.WithTensor(OnnxFiles.Raw(DataType.Float, [256], new byte[1024]));
        OnnxFiles.Read(raw, limits: new RnnImportLimits { MaximumTensorBytes = 2048 });
        var error = OnnxFiles.Refused(raw, limits: new RnnImportLimits { MaximumTensorBytes = 1023 });
        Assert.Contains(nameof(RnnImportLimits.MaximumTensorBytes), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(32)]
    public void Subgraphs_nest_as_deep_as_the_limit(int depth)
    {
        // Each If is three messages: node, attribute, graph; the deepest value has its type, tensor type and shape below its graph.
        var deepest = (3 * depth) + 5;
        deepest = Math.Min(deepest, 99);
        OnnxFiles.Read(OnnxFiles.Nested((deepest - 5) / 3), limits: new RnnImportLimits { MaximumNesting = deepest });
        var error = OnnxFiles.Refused(OnnxFiles.Nested(((deepest - 5) / 3) + 1), limits: new RnnImportLimits { MaximumNesting = deepest });
        Assert.Contains(nameof(RnnImportLimits.MaximumNesting), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_ten_thousand_nested_messages_is_refused_whatever_the_limit()
    {
        byte[] file = [];
        for (var i = 0; i < 9_999; i++)
        {
            var tag = (i % 3) switch { 0 => 0x32, 1 => 0x2A, _ => 0x0A };
            var prefix = new MemoryStream();
            var output = new CodedOutputStream(prefix);
            output.WriteRawTag((byte)tag);
            output.WriteLength(file.Length);
            output.Flush();
            file = [.. prefix.ToArray(), .. file];
        }

        file = [0x3A, .. Length(file.Length), .. file];
        var error = Assert.Throws<RnnImportException>(() => OnnxReader.Read(file, null, new RnnImportLimits { MaximumNesting = int.MaxValue }));
        Assert.Contains("nested more than", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two bytes an attribute, each some hundred bytes once parsed: counted before anything is built.</summary>
    [Fact]
    public void A_file_of_empty_messages_is_refused_before_it_takes_memory()
    {
        byte[] attributes = [.. Enumerable.Repeat<byte[]>([0x2A, 0x00], 500_000).SelectMany(pair => pair)];
        byte[] node = [0x0A, .. Length(attributes.Length), .. attributes];
        byte[] file = [0x3A, .. Length(node.Length), .. node];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<RnnImportException>(() => OnnxReader.Read(file, null, OnnxFiles.SmallLimits with { MaximumFileBytes = 1 << 24 }));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Contains("messages and texts", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Length(int length)
    {
        var bytes = new MemoryStream();
        var output = new CodedOutputStream(bytes);
        output.WriteLength(length);
        output.Flush();
        return bytes.ToArray();
    }

    private static void Refused(string limit, RnnImportLimits limits) =>
        Assert.Contains(limit, OnnxFiles.Refused(OnnxFiles.Model(), limits: limits).Message, StringComparison.Ordinal);
}
