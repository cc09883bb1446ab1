using Google.Protobuf;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Tensors;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>Damaged files are refused or read, and nothing else.</summary>
public sealed class OnnxReaderMutationTests
{
    private const int Rounds = 5_000;
    private const long MostBytes = 8 << 20;

    [Theory]
    [InlineData(0, 11)]
    [InlineData(1, 12)]
    [InlineData(2, 13)]
    public void A_damaged_file_is_refused_or_read(int index, int seed)
    {
        var original = File(index).ToByteArray();
        OnnxReader.Read(original, null, OnnxFiles.SmallLimits);
        var random = new Random(seed);
        var (read, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutate(original, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Check(OnnxReader.Read(bytes, null, OnnxFiles.SmallLimits).Graph);
                read++;
            }
            catch (RnnImportException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"File {index}, seed {seed}, round {round}: {error}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }

        Assert.True(read > 0 && refused > Rounds / 4, $"{read} read, {refused} refused.");
    }

    private static ModelProto File(int index) => index switch { 0 => OnnxFiles.Model(), 1 => OnnxFiles.Nested(3), _ => Mixed() };

    private static ModelProto Mixed()
    {
        var model = OnnxFiles.Model();
        model.Graph.Initializer.Add([
            new() { Name = "a", DataType = DataType.Int64, Dims = { 3 }, Int64Data = { 1, -1, long.MaxValue } },
            new() { Name = "b", DataType = DataType.Bool, Dims = { 2, 1 }, Int32Data = { 0, 1 } },
            new() { Name = "c", DataType = DataType.Uint32, Dims = { 1 }, Uint64Data = { 5 } },
            new() { Name = "d", DataType = DataType.Double, Dims = { 1, 2 }, DoubleData = { 1, 2 } },
            new() { Name = "e", DataType = DataType.Float16, Dims = { 2 }, RawData = ByteString.CopyFrom(0, 0x3C, 0, 0xBC) },
        ]);
        model.Graph.Node[0].Attribute.Add([
            OnnxFiles.Attribute("i", 5),
            new() { Name = "f", Type = AttributeKind.Float, F = 0.5f },
            new() { Name = "s", Type = AttributeKind.Strings, Strings = { ByteString.CopyFromUtf8("Sigmoid"), ByteString.CopyFromUtf8("Tanh") } },
            new() { Name = "l", Type = AttributeKind.Ints, Ints = { 1, 2, 3 } },
        ]);
        model.MetadataProps.Add(new StringStringEntryProto { Key = "k", Value = "v" });
        return model;
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(3) switch { 0 => 0, 1 => 0x7F, _ => 0xFF };
                    break;
                case 3:
                    bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 12)).Select(_ => (byte)random.Next(256)));
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 8), bytes.Count - at));
                    break;
                default:
                    var length = Math.Min(random.Next(1, 40), bytes.Count - at);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
            }
        }

        return random.Next(20) == 0 ? [.. bytes.Take(random.Next(bytes.Count + 1))] : [.. bytes];
    }

    private static void Check(OnnxGraph graph)
    {
        Assert.Equal(graph.Outputs.Length, graph.Outputs.Select(output => output.Name).Distinct().Count());
        Assert.All(graph.Initializers.Values, Check);
        foreach (var value in graph.Nodes.SelectMany(node => node.Attributes.Values))
        {
            switch (value)
            {
                case OnnxGraph inner:
                    Check(inner);
                    break;
                case HostTensor tensor:
                    Check(tensor);
                    break;
            }
        }
    }

    private static void Check(HostTensor tensor) =>
        Assert.Equal(tensor.Data.Length, tensor.Shape.Aggregate(1L, (product, extent) => product * extent) * HostTensor.SizeOf(tensor.Type));
}
