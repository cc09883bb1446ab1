using System.Text;
using PureHDF;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Tests.Import;

/// <summary>HDF5 files made here (new-style groups) and hostile changes of them.</summary>
public sealed class KerasFileTests
{
    private static readonly RnnImportLimits Limits = new();

    [Fact]
    public void WholeModelsGiveTheirWeightsAndConfiguration()
    {
        var file = Write(new H5File
        {
            ["model_weights"] = new H5Group
            {
                ["dense"] = new H5Group { ["dense"] = new H5Group { ["kernel:0"] = new H5Dataset(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }) } },
                ["counts"] = new long[] { 7, -8 },
            },
            ["optimizer_weights"] = new H5Group { ["text"] = "not a tensor" },
            Attributes = new() { ["model_config"] = "{\"class_name\": \"Sequential\"}" },
        });
        var read = KerasFile.Read(file, Limits, out var config);
        Assert.Equal("{\"class_name\": \"Sequential\"}", config);
        Assert.Equal(["dense/dense/kernel:0", "counts"], read.Tensors.Select(tensor => tensor.Key));
        Assert.Equal<int>([2, 3], read.Tensors[0].Value.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], read.Tensors[0].Value.Values<float>().ToArray());
        Assert.Equal([7, -8], read.Tensors[1].Value.Values<long>().ToArray());
    }

    [Fact]
    public void TheLayoutOfKeras3IsRead()
    {
        static H5Group Variables(params float[] values) => new() { ["vars"] = new H5Group { ["0"] = values, ["1"] = new double[] { 0.5 } } };
        var file = Write(new H5File
        {
            ["layers"] = new H5Group { ["lstm"] = new H5Group { ["cell"] = Variables(1, 2), ["vars"] = new H5Group() } },
            ["optimizer"] = new H5Group { ["vars"] = new H5Group { ["0"] = "no number" } },
        });
        var read = KerasFile.Read(file, Limits, out var config);
        Assert.Null(config);
        Assert.Equal(["layers/lstm/cell/vars/0", "layers/lstm/cell/vars/1"], read.Tensors.Select(tensor => tensor.Key));
        Assert.Equal(ElementType.Float64, read.Tensors[1].Value.Type);
    }

    [Fact]
    public void EveryNumberTypeStaysAsItIs()
    {
        var file = Write(new H5File
        {
            ["a"] = new Half[] { (Half)1.5 },
            ["b"] = new sbyte[] { -1 },
            ["c"] = new byte[] { 255 },
            ["d"] = new short[] { -2 },
            ["e"] = new ushort[] { 2 },
            ["f"] = new int[] { -3 },
            ["g"] = new uint[] { 3 },
            ["h"] = new ulong[] { 4 },
            ["i"] = 2.5f,
        });
        var read = KerasFile.Read(file, Limits, out _).Tensors;
        Assert.Equal(
            [ElementType.Float16, ElementType.Int8, ElementType.UInt8, ElementType.Int16, ElementType.UInt16, ElementType.Int32, ElementType.UInt32, ElementType.UInt64, ElementType.Float32],
            read.Select(tensor => tensor.Value.Type));
        Assert.Empty(read[8].Value.Shape);
        Assert.Equal(2.5f, read[8].Value.Values<float>()[0]);
    }

    [Fact]
    public void OtherValuesLayoutsAndFormatsOfFloatsAreRefused()
    {
        Assert.Contains("class", Refused(Write(new H5File { ["text"] = "words" })).Message);
        Assert.Contains("Chunked", Refused(Write(new H5File { ["w"] = new H5Dataset(new float[64], chunks: [8]) })).Message);

        // Big-endian, and the exponent of bfloat16 in a float of 2 bytes.
        byte[] single = [0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
        Refused(Replace(Write(new H5File { ["w"] = new float[] { 1 } }), single, [0x21, .. single[1..]]));
        byte[] half = [0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0];
        Refused(Replace(Write(new H5File { ["w"] = new Half[] { (Half)1 } }), half, [0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0]));
    }

    [Fact]
    public void NoOtherFileIsOpened()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var other = Path.Combine(folder.FullName, "other.h5");
            File.WriteAllBytes(other, Write(new H5File { ["secret"] = new float[] { 1, 2, 3 } }));

            // A soft link whose text is an external link's: flags, file, path. The byte of the type makes it one.
            var target = $"\0{other}\0/secret\0";
            var soft = Write(new H5File { ["stolen"] = new H5SoftLink(target) });
            var at = soft.AsSpan().IndexOf(Encoding.ASCII.GetBytes("stolen"));
            var version = Enumerable.Range(0, at - 2).Last(place => soft[place] == 1 && (soft[place + 1] & 8) != 0 && soft[place + 2] == 1);
            byte[] external = [.. soft];
            external[version + 2] = 64;
            Assert.Contains("stolen", OpenWithoutGuard(external));
            Assert.Contains("external link", Refused(external).Message);
            Refused(soft);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void LinksThatLeadRoundAreRefused()
    {
        Refused(Write(new H5File { ["loop"] = new H5SoftLink("/loop") }));
        Refused(Write(new H5File { ["a"] = new H5SoftLink("/b"), ["b"] = new H5SoftLink("/a") }));
        Refused(Write(new H5File { ["a"] = new H5SoftLink("/a/a/a/a"), ["b"] = new H5SoftLink("b/b") }));
        Refused(Write(new H5File { ["a"] = new H5SoftLink("/"), ["b"] = new H5SoftLink("/") }));

        // A hard link to the root: the address of a group's header replaced by the first header's.
        var file = Write(new H5File { ["g"] = new H5Group { ["w"] = new float[] { 1 } } });
        var root = BitConverter.ToUInt64(file, 36);
        Assert.True(file.AsSpan((int)root).StartsWith("OHDR"u8));
        var name = file.AsSpan((int)root).IndexOf("\u0001\0\0\0g"u8) + (int)root;
        BitConverter.GetBytes(root).CopyTo(file, name + 5);
        Assert.Contains("MaximumNesting", Refused(file).Message);
    }

    [Fact]
    public void NamesOfLayersInPiecesGiveTheOrder()
    {
        static H5Group Layer(string weight, params string[] names) => new()
        {
            [weight] = new float[] { 1 },
            Attributes = new() { ["weight_names"] = names },
        };
        var file = new H5File
        {
            ["a"] = Layer("w", "w"),
            ["b"] = Layer("w", "w"),
            ["c"] = Layer("w", "w"),
            Attributes = new() { ["layer_names0"] = new[] { "c" }, ["layer_names1"] = new[] { "a" } },
        };
        var read = KerasFile.Read(Write(file, 8), Limits, out _);
        Assert.Equal(["c/w", "a/w", "b/w"], read.Tensors.Select(tensor => tensor.Key));
        Assert.Contains("a/v", Refused(Write(new H5File { ["a"] = Layer("w", "v"), Attributes = new() { ["layer_names"] = new[] { "a" } } }, 8)).Message);
    }

    [Fact]
    public void NestingAndSizesAreLimited()
    {
        var group = new H5Group { ["w"] = new float[] { 1 } };
        for (var level = 0; level < 20; level++)
        {
            group = new H5Group { ["g"] = group };
        }

        var file = Write(new H5File { ["g"] = group });
        Assert.Single(KerasFile.Read(file, Limits, out _).Tensors);
        Assert.Contains("MaximumNesting", Refused(file, new RnnImportLimits { MaximumNesting = 10 }).Message);
        Assert.Contains("MaximumNodes", Refused(file, new RnnImportLimits { MaximumNodes = 10 }).Message);
        var large = Write(new H5File { ["w"] = new float[1000] });
        Assert.Contains("MaximumTensorBytes", Refused(large, new RnnImportLimits { MaximumTensorBytes = 100 }).Message);
        Refused(large[..^100]);

        // An extent that the file cannot hold.
        byte[] extent = [0xE8, 3, 0, 0, 0, 0, 0, 0];
        Refused(Replace(large, extent, [0, 0, 0, 16, 0, 0, 0, 0]));
        Refused(Replace(large, extent, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]));
    }

    [Fact]
    public void TheGuardRefusesLoopsAndDepthAndStaysSo()
    {
        var loop = new Hdf5GuardStream(new byte[64]);
        var loops = Assert.Throws<RnnImportException>(() => ReadForever(loop));
        Assert.Contains("over and over", loops.Message);
        Assert.Same(loops, Assert.Throws<RnnImportException>(() => loop.ReadExactly(new byte[1])));

        var deep = new Hdf5GuardStream(new byte[64]);
        Assert.Contains("nested", Assert.Throws<RnnImportException>(() => Recurse(deep)).Message);
        Assert.Throws<RnnImportException>(() => new Hdf5GuardStream(new byte[8]).Position = 9);
    }

    private static void ReadForever(Hdf5GuardStream stream)
    {
        while (true)
        {
            stream.Position = 0;
            stream.ReadExactly(new byte[2]);
        }
    }

    private static int Recurse(Hdf5GuardStream stream)
    {
        Span<byte> local = stackalloc byte[64];
        stream.Position = 0;
        stream.ReadExactly(local[..8]);
        return local[0] + Recurse(stream) + local[1];
    }

    private static string OpenWithoutGuard(byte[] file)
    {
        using var open = H5File.Open(new MemoryStream(file));
        return string.Join(' ', open.Children().OfType<IH5Dataset>().Select(data => "stolen " + data.Read<float[]>().Length));
    }

    private static byte[] Write(H5File file, int textLength = 0)
    {
        using var stream = new MemoryStream();
        file.Write(stream, new H5WriteOptions(DefaultStringLength: textLength));
        return stream.ToArray();
    }

    private static byte[] Replace(byte[] file, byte[] old, byte[] with)
    {
        byte[] changed = [.. file];
        var at = changed.AsSpan().IndexOf(old);
        Assert.True(at >= 0);
        with.CopyTo(changed, at);
        return changed;
    }

    private static RnnImportException Refused(byte[] file, RnnImportLimits? limits = null) =>
        Assert.Throws<RnnImportException>(() => KerasFile.Read(file, limits ?? Limits, out _));
}
