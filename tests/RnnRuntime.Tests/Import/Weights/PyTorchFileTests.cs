using System.IO.Compression;
using System.Runtime.InteropServices;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Tests.Import;

/// <summary>State dicts written opcode by opcode: what is understood, and that everything else is refused by name.</summary>
public sealed class PyTorchFileTests
{
    private static readonly RnnImportLimits Limits = new();
    private static readonly float[] Six = [0, 1, 2, 3, 4, 5];

    [Fact]
    public void StridedTensorsAreMaterialised()
    {
        var pickle = new PickleWriter().EmptyOrderedDict().Op('(')
            .Text("plain").Tensor("FloatStorage", "0", 6, 0, [2, 3], [3, 1])
            .Text("transposed").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
            .Text("offset").Tensor("FloatStorage", "0", 6, 2, [2], [2])
            .Text("ones").Tensor("FloatStorage", "0", 6, 5, [1, 1], [77, 13])
            .Text("scalar").Tensor("FloatStorage", "0", 6, 4, [], [])
            .Text("empty").Tensor("FloatStorage", "0", 6, 0, [0, 3], [3, 1])
            .Op('u');
        var tensors = Tensors(pickle.Zip(("data/0", Bytes(Six))));
        Assert.Equal(Six, tensors["plain"].Values<float>());
        Assert.Equal<int>([2, 3], tensors["plain"].Shape);
        Assert.Equal([0, 3, 1, 4, 2, 5], tensors["transposed"].Values<float>());
        Assert.Equal([2, 4], tensors["offset"].Values<float>());
        Assert.Equal([5], tensors["ones"].Values<float>());
        Assert.Equal([4], tensors["scalar"].Values<float>());
        Assert.Equal<int>([0, 3], tensors["empty"].Shape);
    }

    [Fact]
    public void BothContainersAndDeflateAgree()
    {
        static PickleWriter Pickle() => new PickleWriter().Op("}").Text("w").Tensor("HalfStorage", "7", 3, 0, [3], [1]).Op('s');
        var data = Bytes<Half>([(Half)1, (Half)2, (Half)3]);
        var zip = Tensors(Pickle().Zip(("data/7", data), ("byteorder", "little"u8.ToArray())))["w"];
        var deflated = Tensors(Pickle().Zip(CompressionLevel.Optimal, ("data/7", data)))["w"];
        var legacy = Tensors(Pickle().Legacy(2, ("7", data)))["w"];
        Assert.Equal(ElementType.Float16, zip.Type);
        Assert.Equal(data, zip.Data.ToArray());
        Assert.Equal(data, deflated.Data.ToArray());
        Assert.Equal(data, legacy.Data.ToArray());
    }

    [Fact]
    public void NestedDictsGetDottedNamesAndOtherValuesAreTold()
    {
        var pickle = new PickleWriter().Op("}(")
            .Text("state_dict").EmptyOrderedDict().Text("rnn.w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s')
            .Op('}').Text("_metadata").EmptyOrderedDict().Op("sb")
            .Text("epoch").Integer(3)
            .Text("buffers").Op("](").Tensor("FloatStorage", "0", 1, 0, [], []).Op("Ne")
            .Op('u');
        var read = PyTorchFile.Read(pickle.Zip(("data/0", Bytes<float>([9]))), Limits, out var others);
        Assert.Equal(["state_dict.rnn.w", "buffers.0"], read.Tensors.Select(tensor => tensor.Key));
        Assert.Equal<string>(["epoch", "buffers.1"], others);
    }

    [Fact]
    public void ParametersAndUntypedStoragesAreUnderstood()
    {
        var pickle = new PickleWriter().Op("}(")
            .Text("p").Global("torch._utils", "_rebuild_parameter").Op('(').Tensor("BFloat16Storage", "0", 2, 0, [2], [1]).Op(0x88).EmptyOrderedDict().Op("tR")
            .Text("u").Global("torch._utils", "_rebuild_tensor_v3").Op("((").Text("storage").Global("torch.storage", "UntypedStorage").Text("1").Text("cpu").Long(4).Op("tQ")
            .Long(0).Tuple(2).Tuple(1).Op(0x89).EmptyOrderedDict().Global("torch", "uint16").Op("tR")
            .Op('u');
        var tensors = Tensors(pickle.Zip(("data/0", new byte[4]), ("data/1", [1, 0, 2, 0])));
        Assert.Equal(ElementType.BFloat16, tensors["p"].Type);
        Assert.Equal(ElementType.UInt16, tensors["u"].Type);
        Assert.Equal<ushort>([1, 2], tensors["u"].Values<ushort>().ToArray());
    }

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch.nn.modules.rnn", "LSTM")]
    [InlineData("torch", "QInt8Storage")]
    [InlineData("numpy.core.multiarray", "scalar")]
    public void OtherGlobalsAreRefusedByName(string module, string name)
    {
        var exception = Refused(new PickleWriter().Global(module, name).Op('(').Text("echo").Op("tR").Zip());
        Assert.Contains($"{module}.{name}", exception.Message);
        Assert.Contains("state_dict", exception.Message);
        Refused(new PickleWriter().Text(module).Text(name).Op(0x93).Op('(').Text("echo").Op("tR").Zip());
    }

    [Theory]
    [InlineData('i', "69")] // INST
    [InlineData('o', "6F")] // OBJ
    [InlineData(0x81, "81")] // NEWOBJ
    [InlineData(0x92, "92")] // NEWOBJ_EX
    [InlineData(0x82, "82")] // EXT1
    [InlineData('P', "50")] // PERSID
    [InlineData('2', "32")] // DUP
    [InlineData('0', "30")] // POP
    [InlineData(0xFF, "FF")]
    public void OtherOpcodesAreRefusedByNumber(int opcode, string number) =>
        Assert.Contains($"0x{number}", Refused(new PickleWriter().Op('}').Op(opcode).Zip()).Message);

    [Fact]
    public void CallsThatAreNoRebuildersAreRefused()
    {
        Refused(new PickleWriter().Op('}').Op(")R").Zip());
        Refused(new PickleWriter().Global("torch", "FloatStorage").Op(")R").Zip());
        Refused(new PickleWriter().Global("collections", "OrderedDict").Op("()tR").Zip());
        Refused(new PickleWriter().Global("torch._utils", "_rebuild_tensor_v2").Op(")R").Zip());
        Refused(new PickleWriter().EmptyOrderedDict().Op('}').Text("__class__").Text("x").Op("sb").Zip());
        Refused(new PickleWriter().Op(']').Op('}').Op('b').Zip());
    }

    [Fact]
    public void ViewsBeyondTheirStorageAreRefused()
    {
        Assert.Contains("last element at 6", Refused(One("FloatStorage", 6, 1, [2, 3], [3, 1])).Message);
        Refused(One("FloatStorage", 6, -1, [2], [1]));
        Refused(One("FloatStorage", 6, 7, [0], [1]));
        Refused(One("FloatStorage", 6, 5, [2], [-1]));
        Refused(One("FloatStorage", 6, 0, [2, 3], [1]));
        Refused(One("FloatStorage", 6, 0, [-2], [1]));
        Refused(One("FloatStorage", 6, 0, [2, 2], [long.MaxValue, long.MaxValue]));
        Refused(One("FloatStorage", 6, long.MaxValue, [1], [1]));
        Refused(One("FloatStorage", 6, 0, [1L << 31, 1L << 31, 0], [1, 1, 1]));
        Assert.Contains("expanded", Refused(One("FloatStorage", 6, 0, [100], [0])).Message);
        Assert.Contains("24 bytes", Refused(One("FloatStorage", 7, 0, [2], [1])).Message);
        Refused(One("FloatStorage", long.MaxValue, 0, [2], [1]));
        Refused(One("FloatStorage", -1, 0, [2], [1]));
    }

    [Fact]
    public void OneStorageHasOneType()
    {
        var pickle = new PickleWriter().Op("}(")
            .Text("a").Tensor("FloatStorage", "0", 1, 0, [1], [1])
            .Text("b").Tensor("IntStorage", "0", 1, 0, [1], [1]).Op('u');
        Assert.Contains("one dtype", Refused(pickle.Zip(("data/0", new byte[4]))).Message);
    }

    [Fact]
    public void OtherEndianAndBooleansOfTwoAreRefused()
    {
        static PickleWriter Pickle() => new PickleWriter().Op("}").Text("w").Tensor("BoolStorage", "0", 1, 0, [1], [1]).Op('s');
        Assert.Equal(ElementType.Bool, Tensors(Pickle().Zip(("data/0", [1])))["w"].Type);
        Refused(Pickle().Zip(("data/0", [2])));
        Assert.Contains("little", Refused(Pickle().Zip(("data/0", [1]), ("byteorder", "big"u8.ToArray()))).Message);
        var legacy = Pickle().Legacy(1, ("0", [1]));
        Assert.Equal(0x88, legacy[legacy.AsSpan().IndexOf("little_endian"u8) + 13]);
        legacy[legacy.AsSpan().IndexOf("little_endian"u8) + 13] = 0x89;
        Assert.Contains("little", Refused(legacy).Message);
    }

    [Fact]
    public void TorchScriptIsRefusedWithAdvice() =>
        Assert.Contains("TorchScript", Refused(new PickleWriter().Op('}').Zip(("constants.pkl", [1]))).Message);

    [Fact]
    public void NestingAndCyclesAreLimited()
    {
        var deep = new PickleWriter();
        for (var level = 0; level < 100_000; level++)
        {
            deep.Op('}').Op("X\u0001\0\0\0a");
        }

        for (var level = 0; level < 99_999; level++)
        {
            deep.Op('s');
        }

        Refused(deep.Zip());
        var marks = new PickleWriter();
        for (var level = 0; level < 100_000; level++)
        {
            marks.Op('(');
        }

        Refused(marks.Zip());

        // A dict that holds itself twice: as a tree it has 2^depth leaves.
        var cycle = new PickleWriter().Op("}q\0").Op('(').Text("a").Op("h\0").Text("b").Op("h\0").Op('u');
        Refused(cycle.Zip());
    }

    [Fact]
    public void SharedDictsCannotMultiply()
    {
        var writer = new PickleWriter().Op("}q\0").Text("x").Op("Ns");
        for (var level = 0; level < 60; level++)
        {
            writer.Op("}(").Text("a").Op('h').Op(level).Text("b").Op('h').Op(level).Op("uq").Op(level + 1);
        }

        // Only the outermost dict may stay: pack the others into a tuple beside it.
        var values = new PickleWriter().Op('}').Op('(').Text("all").Op('(');
        var body = writer.End();
        var bytes = values.End()[..^1].Concat(body[2..^1]).Concat("tu."u8.ToArray()).ToArray();
        Assert.Contains("more values", Refused(Zip(bytes)).Message);
    }

    [Fact]
    public void HugeCountsAndMemoIndicesAllocateNothing()
    {
        Refused(new PickleWriter().Op("X\u007f\u007f\u007f\u007f").Zip());
        Refused(new PickleWriter().Op(0x8D).Op("\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f").Zip());
        Refused(new PickleWriter().Op("}r\u007f\u007f\u007f\u007fj\u007f\u007f\u007f\u007e").Zip());
        Refused(new PickleWriter().Op(0x8A).Op(200).Zip());
        Refused(new PickleWriter().Op("h\u0005").Zip());
        Refused(new PickleWriter().Op("t").Zip());
        Refused(new PickleWriter().Op("(}u").Zip());
        Refused(new PickleWriter().Op("").Zip());
        Assert.Contains("MaximumTensors", Refused(new PickleWriter().Op(new string('N', 20_000)).Zip(), new RnnImportLimits { MaximumTensors = 10 }).Message);
    }

    [Fact]
    public void ZipBombsAreRefused()
    {
        var bomb = new PickleWriter().Op("}").Text("w").Tensor("ByteStorage", "0", 8 << 20, 0, [8 << 20], [1]).Op('s')
            .Zip(CompressionLevel.Optimal, ("data/0", new byte[8 << 20]));
        Assert.Contains("MaximumTensorBytes", Refused(bomb, new RnnImportLimits { MaximumTensorBytes = 1 << 20 }).Message);

        // A declared length that the compressed bytes cannot have: in the local and the central header.
        var lie = One("ByteStorage", 1 << 28, 0, [1 << 28], [1], 6);
        foreach (var (signature, offset) in new[] { (0x04034B50, 22), (0x02014B50, 24) })
        {
            for (var at = 0; at + 30 < lie.Length; at++)
            {
                if (BitConverter.ToInt32(lie, at) == signature && BitConverter.ToInt32(lie, at + offset) == 6)
                {
                    BitConverter.TryWriteBytes(lie.AsSpan(at + offset), 1 << 28);
                }
            }
        }

        Assert.Contains("a length of 268435456", Refused(lie).Message);
    }

    [Fact]
    public void LegacyContainersEndWhereTheySay()
    {
        static byte[] File(byte[] data) => new PickleWriter().Op("}").Text("w").Tensor("ByteStorage", "0", 4, 0, [4], [1]).Op('s').Legacy(1, ("0", data));
        Assert.Single(Tensors(File(new byte[4])));
        Refused(File(new byte[3]));
        Refused(File(new byte[5]));
        Refused([.. File(new byte[4]), 0]);
        Refused(File(new byte[4])[..^1]);
        Refused(new PickleWriter().Op("}").Legacy(1, ("0", new byte[4])));
    }

    private static byte[] One(string type, long count, long offset, long[] shape, long[] strides, int bytes = 24) =>
        new PickleWriter().Op("}").Text("w").Tensor(type, "0", count, offset, shape, strides).Op('s').Zip(("data/0", new byte[bytes]));

    private static byte[] Zip(byte[] pickle)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("a/data.pkl").Open();
            entry.Write(pickle);
        }

        return stream.ToArray();
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();

    private static Dictionary<string, HostTensor> Tensors(byte[] file) =>
        WeightsFile.Read(file, Limits).Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value);

    private static RnnImportException Refused(byte[] file, RnnImportLimits? limits = null) =>
        Assert.Throws<RnnImportException>(() => PyTorchFile.Read(file, limits ?? Limits, out _));
}
