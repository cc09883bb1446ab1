using System.Text;
using RnnRuntime.Cli;
using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

public sealed class NpyTests
{
    // What numpy.save writes for arange(6, dtype=float32).reshape(2, 3): version 1.0, padded to 128 bytes.
    private const string NumPyHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

    private static byte[] NumPyFile =>
        [.. Prefix(1, 118), .. Encoding.ASCII.GetBytes(NumPyHeader.PadRight(117) + "\n"), .. Floats(0, 1, 2, 3, 4, 5)];

    [Fact]
    public void ReadsWhatNumPyWrites()
    {
        var array = NpyFile.Parse(NumPyFile, "x.npy");
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal([0f, 1, 2, 3, 4, 5], array.ToFloat32(""));
    }

    [Fact]
    public void WritesWhatNumPyWrites()
    {
        using var directory = new TemporaryDirectory();
        NpyFile.Write(directory["x.npy"], NpyArray.From([0, 1, 2, 3, 4, 5], 2, 3));
        Assert.Equal(NumPyFile, File.ReadAllBytes(directory["x.npy"]));
    }

    [Theory]
    [InlineData]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(3, 1, 5)]
    [InlineData(2, 0, 5)]
    public void ShapesSurviveARoundTrip(params int[] shape)
    {
        using var directory = new TemporaryDirectory();
        var values = Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent)).Select(i => i * 0.25f).ToArray();
        NpyFile.Write(directory["x.npy"], NpyArray.From(values, shape));
        Assert.Equal(0, new FileInfo(directory["x.npy"]).Length % 64 - (values.Length * 4 % 64));
        var array = NpyFile.Read(directory["x.npy"]);
        Assert.Equal(shape, array.Shape);
        Assert.Equal(values, array.ToFloat32(""));
    }

    [Theory]
    [InlineData(2, 12)]
    [InlineData(3, 12)]
    public void ReadsLaterVersions(int major, int start)
    {
        var header = Encoding.ASCII.GetBytes(NumPyHeader + "\n");
        byte[] file = [.. Prefix(major, header.Length), .. header, .. Floats(0, 1, 2, 3, 4, 5)];
        Assert.Equal(start + header.Length + 24, file.Length);
        Assert.Equal([0f, 1, 2, 3, 4, 5], NpyFile.Parse(file, "x").ToFloat32(""));
    }

    [Fact]
    public void FortranOrderIsTurnedIntoRows()
    {
        var array = NpyFile.Parse(Make("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", Floats(0, 3, 1, 4, 2, 5)), "x");
        Assert.Equal([0f, 1, 2, 3, 4, 5], array.ToFloat32(""));

        var cube = NpyFile.Parse(Make("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }", [0, 4, 2, 6, 1, 5, 3, 7]), "x");
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], cube.ToInt32(""));
    }

    [Fact]
    public void EveryTypeIsConverted()
    {
        Assert.Equal([-1.5f], Single("<f8", BitConverter.GetBytes(-1.5)).ToFloat32(""));
        Assert.Equal([(float)0.1], Single("<f8", BitConverter.GetBytes(0.1)).ToFloat32(""));
        Assert.Equal([-7], Single("<i4", BitConverter.GetBytes(-7)).ToInt32(""));
        Assert.Equal([-7], Single("<i8", BitConverter.GetBytes(-7L)).ToInt32(""));
        Assert.Equal([-7f], Single("<i8", BitConverter.GetBytes(-7L)).ToFloat32(""));
        Assert.Equal([-7], Single("|i1", [0xF9]).ToInt32(""));
        Assert.Equal([249], Single("|u1", [0xF9]).ToInt32(""));
        Assert.Equal([1f], Single("|b1", [1]).ToFloat32(""));
    }

    [Fact]
    public void AFiniteNumberBeyondFloat32IsRefused()
    {
        byte[] data = [.. ((double[])[0, 1, 2, 3, 4, -1e300]).SelectMany(BitConverter.GetBytes)];
        var array = NpyFile.Parse(Make("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", data), "x.npy");
        Assert.StartsWith("x.npy: element [1, 2] is -1E+300, beyond float32", Assert.Throws<CliException>(() => array.ToFloat32("x.npy")).Message);
        Assert.Equal([float.NegativeInfinity], Single("<f8", BitConverter.GetBytes(double.NegativeInfinity)).ToFloat32(""));
        Assert.Equal([float.MaxValue], Single("<f8", BitConverter.GetBytes((double)float.MaxValue)).ToFloat32(""));
    }

    [Theory]
    [InlineData("<i8", 1L << 40, "does not fit int32")]
    [InlineData("<f8", 0L, "integers are expected")]
    public void LossyIndicesAreRefused(string type, long bits, string message) =>
        Assert.Contains(message, Assert.Throws<CliException>(() => Single(type, BitConverter.GetBytes(bits)).ToInt32("x.npy")).Message);

    [Fact]
    public void AnIntegerThatFloat32CannotHoldIsRefused() =>
        Assert.Contains("16777217", Assert.Throws<CliException>(() => Single("<i4", BitConverter.GetBytes(16777217)).ToFloat32("x.npy")).Message);

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }", "'>f4' cannot be read; expected one of <f4")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", "'|O' cannot be read")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", "expected a quoted string")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (6,), }", "expected True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }", "expected an extent")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "expected an extent")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 4), }", "limit of 2 GiB")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 1073741824), }", "limit of 2 GiB")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6), }", "',' after a tuple's only extent")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': 6, }", "expected '('")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }", "24 bytes of data; shape [7] of <f4 needs 28")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }", "24 bytes of data; shape [5] of <f4 needs 20")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "lacks shape")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", "repeated key 'descr'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}", "key 'more'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } x", "expected the end of the header")]
    [InlineData("{'descr': '<f4, 'fortran_order': False, 'shape': (6,), }", "expected ")]
    [InlineData("", "expected '{', found the end")]
    public void HostileHeadersAreRefusedByName(string header, string message)
    {
        var error = Assert.Throws<CliException>(() => NpyFile.Parse(Make(header, Floats(0, 1, 2, 3, 4, 5)), "x.npy"));
        Assert.StartsWith("x.npy: ", error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void HeaderLengthIsChecked()
    {
        byte[] file = [.. Prefix(2, 12)];
        BitConverter.GetBytes(0xFFFFFFFF).CopyTo(file, 8);
        Assert.Contains("a header of 4294967295 bytes", Assert.Throws<CliException>(() => NpyFile.Parse(file, "x")).Message);
    }

    [Fact]
    public void EveryTruncationIsAnError()
    {
        var file = NumPyFile;
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<CliException>(() => NpyFile.Parse(file.AsSpan(0, length), "x"));
        }
    }

    [Fact]
    public void EveryMutationIsReadOrRefused()
    {
        var file = NumPyFile;
        for (var position = 0; position < 128; position++)
        {
            foreach (var flip in (byte[])[1, 2, 4, 8, 16, 32, 64, 128, 0x11, 0xFF])
            {
                var mutant = file.ToArray();
                mutant[position] ^= flip;
                try
                {
                    var array = NpyFile.Parse(mutant, "x");
                    Assert.Equal(array.Count, array.Shape.Aggregate(1, (product, extent) => product * extent));
                }
                catch (CliException)
                {
                }
            }
        }
    }

    private static NpyArray Single(string type, byte[] data) =>
        NpyFile.Parse(Make($"{{'descr': '{type}', 'fortran_order': False, 'shape': (), }}", data), "x");

    private static byte[] Make(string header, byte[] data) => [.. Prefix(1, header.Length), .. Encoding.Latin1.GetBytes(header), .. data];

    private static byte[] Prefix(int major, int length) =>
        [0x93, .. "NUMPY"u8, (byte)major, 0, .. major == 1 ? BitConverter.GetBytes((ushort)length) : BitConverter.GetBytes(length)];

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
