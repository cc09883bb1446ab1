using RnnRuntime.Import;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

public sealed class ShapeFoldingTests
{
    [Theory]
    [InlineData(new long[] { 0, -1 }, "[2, 6]")]
    [InlineData(new long[] { -1 }, "[12]")]
    [InlineData(new long[] { 3, 0, 2 }, "[3, 2, 2]")]
    [InlineData(new long[] { 3, 3, 0 }, null)]
    [InlineData(new long[] { -1, -1 }, null)]
    [InlineData(new long[] { 5, -1 }, null)]
    [InlineData(new long[] { -2, 6 }, null)]
    [InlineData(new long[] { 12, 1, 1, 0 }, null)]
    [InlineData(new[] { 1L << 40, 1L << 40 }, null)]
    [InlineData(new[] { int.MaxValue, int.MaxValue, int.MaxValue, (long)int.MaxValue, -1 }, null)]
    public void Reshapes(long[] requested, string? expected)
    {
        var fold = new Fold("Reshape", 13);
        if (expected is null)
        {
            fold.Refused(Fold.Counted(2, 2, 3), Fold.Longs(requested));
        }
        else
        {
            Assert.Equal($"float32 {expected}", fold.Run(Fold.Counted(2, 2, 3), Fold.Longs(requested)).ToString());
        }
    }

    [Fact]
    public void ReshapesOfNothing()
    {
        Assert.Equal("float32 [0, 3]", new Fold("Reshape", 14).Run(Fold.Counted(0, 3), Fold.Longs(0, 3)).ToString());
        Assert.Equal("float32 [4, 0]", new Fold("Reshape", 14).With("allowzero", 1L).Run(Fold.Counted(0, 3), Fold.Longs(4, 0)).ToString());
        new Fold("Reshape", 14).Refused(Fold.Counted(0, 3), Fold.Longs(0, -1));
        Assert.Contains("allowzero", new Fold("Reshape", 13).With("allowzero", 1L).Refused(Fold.Counted(1), Fold.Longs(1)).Message);
        Assert.Equal("float32 []", new Fold("Reshape", 13).Run(Fold.Counted(1), Fold.Longs()).ToString());
    }

    [Fact]
    public void AxesComeFromTheFormOfTheOpset()
    {
        var x = Fold.Counted(1, 3, 1);
        Assert.Equal("float32 [3]", new Fold("Squeeze", 13).Run(x).ToString());
        Assert.Equal("float32 [1, 3]", new Fold("Squeeze", 11).With("axes", (long[])[-1]).Run(x).ToString());
        Assert.Equal("float32 [1, 3]", new Fold("Squeeze", 13).Run(x, Fold.Longs(-1)).ToString());
        Assert.Equal("float32 [1, 1, 3, 1, 1]", new Fold("Unsqueeze", 11).With("axes", (long[])[0, -1]).Run(x).ToString());
        Assert.Equal("float32 [1, 1, 3, 1, 1]", new Fold("Unsqueeze", 13).Run(x, Fold.Longs(-1, 0)).ToString());
        Assert.Contains("attribute axes", new Fold("Squeeze", 13).With("axes", (long[])[0]).Refused(x).Message);
        new Fold("Squeeze", 11).Refused(x, Fold.Longs(0));
        new Fold("Squeeze", 13).Refused(x, Fold.Longs(1));
        new Fold("Unsqueeze", 13).Refused(x, Fold.Longs(0, 0));
        new Fold("Unsqueeze", 13).Refused(x);
        new Fold("Unsqueeze", 13).Refused(x, Fold.Longs([.. Enumerable.Range(0, 1000)]));
    }

    [Theory]
    [InlineData(0, long.MaxValue, 1, new float[] { 0, 1, 2, 3, 4 })]
    [InlineData(-1, long.MinValue, -1, new float[] { 4, 3, 2, 1, 0 })]
    [InlineData(long.MaxValue, long.MinValue, -2, new float[] { 4, 2, 0 })]
    [InlineData(long.MinValue, long.MaxValue, 3, new float[] { 0, 3 })]
    [InlineData(3, 1, 1, new float[0])]
    [InlineData(1, 3, -1, new float[0])]
    [InlineData(7, 9, 1, new float[0])]
    [InlineData(-2, -1, 1, new float[] { 3 })]
    [InlineData(1, 5, long.MaxValue, new float[] { 1 })]
    [InlineData(3, 0, long.MinValue, new float[] { 3 })]
    public void SlicesClamp(long start, long end, long step, float[] expected)
    {
        var slice = new Fold("Slice", 13).Run(Fold.Counted(5), Fold.Longs(start), Fold.Longs(end), Fold.Longs(0), Fold.Longs(step));
        TensorAssert.Holds<float>(expected, slice);
    }

    [Fact]
    public void SlicesReadTheFormOfTheirOpset()
    {
        var x = Fold.Counted(3, 4);
        TensorAssert.Holds<float>([5, 6], new Fold("Slice", 9).With("starts", (long[])[1, 1]).With("ends", (long[])[2, 3]).Run(x));
        TensorAssert.Holds<float>([3, 7, 11], new Fold("Slice", 9).With("starts", (long[])[-1]).With("ends", (long[])[100]).With("axes", (long[])[1]).Run(x));
        TensorAssert.Holds<float>([11, 9, 3, 1], new Fold("Slice", 10).Run(x, Fold.Longs(-1, -1), Fold.Longs(-100, -100), null, Fold.Longs(-2, -2)));
        Assert.Equal("float32 [0, 4]", new Fold("Slice", 10).Run(Fold.Counted(0, 4), Fold.Longs(-1), Fold.Longs(-9), Fold.Longs(0), Fold.Longs(-1)).ToString());
        new Fold("Slice", 10).Refused(x, Fold.Longs(0), Fold.Longs(1), Fold.Longs(0), Fold.Longs(0));
        new Fold("Slice", 10).Refused(x, Fold.Longs(0, 0), Fold.Longs(1), Fold.Longs(0));
        new Fold("Slice", 10).Refused(x, Fold.Longs(0, 0), Fold.Longs(1, 1), Fold.Longs(0, -2));
    }

    [Fact]
    public void SplitsReadTheFormOfTheirOpset()
    {
        var x = Fold.Counted(7);
        Assert.Equal("3 4", Sizes(new Fold("Split", 11).With("split", (long[])[3, 4])));
        Assert.Equal("0 7", Sizes(new Fold("Split", 13), Fold.Longs(0, 7)));
        Assert.Equal("4 3", Sizes(new Fold("Split", 18).With("num_outputs", 2L)));
        new Fold("Split", 13) { Outputs = 2 }.Refused(x);
        new Fold("Split", 13) { Outputs = 2 }.Refused(x, Fold.Longs(-1, 8));
        new Fold("Split", 13) { Outputs = 2 }.Refused(x, Fold.Longs(long.MaxValue, long.MinValue + 8));
        new Fold("Split", 18) { Outputs = 3 }.With("num_outputs", 2L).Refused(x);
        new Fold("Split", 18) { Outputs = 6 }.With("num_outputs", 6L).Refused(x);

        string Sizes(Fold fold, HostTensor? sizes = null) => string.Join(' ', (fold with { Outputs = 2 }).All(x, sizes).Select(part => part!.Count));
    }

    [Fact]
    public void PadsInEveryMode()
    {
        var x = Fold.Floats(1, 2, 3);
        Assert.Equal([9, 1, 2, 3, 9, 9], Pad(13, "constant", x, Fold.Longs(1, 2), HostTensor.Floats([], [9])));
        Assert.Equal([3, 2, 1, 2, 3, 2], Pad(13, "reflect", x, Fold.Longs(2, 1)));
        Assert.Equal([1, 1, 1, 2, 3, 3], Pad(13, "edge", x, Fold.Longs(2, 1)));
        Assert.Equal([2, 3, 1, 2, 3, 1], Pad(19, "wrap", x, Fold.Longs(2, 1)));
        Assert.Equal([2, 3, 0], Pad(13, "constant", x, Fold.Longs(-1, 1)));
        Assert.Equal([2, 1, 2, 1, 2], Pad(13, "reflect", x, Fold.Longs(3, -1)));
        TensorAssert.Holds<float>([5, 1, 2, 3], new Fold("Pad", 7).With("pads", (long[])[1, 0]).With("value", 5f).Run(x));
        var matrix = new Fold("Pad", 18).Run(Fold.Counted(2, 2), Fold.Longs(1, 0), null, Fold.Longs(-1));
        TensorAssert.Holds<float>([0, 0, 1, 0, 2, 3], matrix);
        Assert.Equal([0, 0], Pad(13, "constant", Fold.Counted(0), Fold.Longs(1, 1)));
        new Fold("Pad", 13).With("mode", "wrap").Refused(x, Fold.Longs(1, 1));
        new Fold("Pad", 13).With("mode", "edge").Refused(Fold.Counted(0), Fold.Longs(1, 1));
        new Fold("Pad", 13).Refused(x, Fold.Longs(-2, -2));
        new Fold("Pad", 13).Refused(x, Fold.Longs(-4, 9));
        new Fold("Pad", 13).Refused(x, Fold.Longs(long.MaxValue, long.MaxValue));
        new Fold("Pad", 13).Refused(x, Fold.Longs(1));
        new Fold("Pad", 13).Refused(x, Fold.Longs(1, 1), Fold.Longs(0));

        static float[] Pad(int opset, string mode, params HostTensor?[] inputs) => new Fold("Pad", opset).With("mode", mode).Run(inputs).Values<float>().ToArray();
    }

    [Fact]
    public void TransposingSixAxesThereAndBackChangesNothing()
    {
        var x = Fold.Counted(2, 3, 1, 4, 2, 3);
        long[] permutation = [5, 0, 3, 1, 4, 2];
        var there = new Fold("Transpose", 13).With("perm", permutation).Run(x);
        Assert.Equal("float32 [3, 2, 4, 3, 2, 1]", there.ToString());
        long[] inverse = [.. Enumerable.Range(0, 6).Select(axis => (long)Array.IndexOf(permutation, axis))];
        Assert.Equal(x.Data.ToArray(), new Fold("Transpose", 13).With("perm", inverse).Run(there).Data.ToArray());
        new Fold("Transpose", 13).With("perm", (long[])[0, 1]).Refused(x);
        new Fold("Transpose", 13).With("perm", (long[])[0, 0]).Refused(Fold.Counted(2, 2));
    }

    [Fact]
    public void DataOfEveryWidthIsMovedWhole()
    {
        foreach (var type in Enum.GetValues<ElementType>().Where(type => type != ElementType.Bool))
        {
            var x = new HostTensor(type, [2, 3], Enumerable.Range(1, 6 * HostTensor.SizeOf(type)).Select(i => (byte)i).ToArray());
            var turned = new Fold("Transpose", 13).Run(x);
            Assert.Equal(x.Data.ToArray(), new Fold("Transpose", 13).Run(turned).Data.ToArray());
            var tiled = new Fold("Tile", 13).Run(x, Fold.Longs(1, 2));
            Assert.Equal(new Fold("Concat", 13).With("axis", 1L).Run(x, x).Data.ToArray(), tiled.Data.ToArray());
            var gathered = new Fold("Gather", 13).With("axis", 1L).Run(x, Fold.Of(ElementType.Int32, -1, 0));
            var sliced = new Fold("Slice", 13).Run(x, Fold.Longs(2), Fold.Longs(-100), Fold.Longs(1), Fold.Longs(-2));
            Assert.Equal(sliced.Data.ToArray(), gathered.Data.ToArray());
            Assert.Equal(x.Data.ToArray(), new Fold("Where", 16).Run(Fold.Flags(true), x, x).Data.ToArray());
            Assert.Equal(x.Data.ToArray(), new Fold("Pad", 13).Run(new Fold("Pad", 13).Run(x, Fold.Longs(1, 2, 0, 1)), Fold.Longs(-1, -2, 0, -1)).Data.ToArray());
        }
    }

    [Fact]
    public void IndicesOutOfRangeAreRefused()
    {
        var x = Fold.Counted(2, 3);
        new Fold("Gather", 13).Refused(x, Fold.Longs(2));
        new Fold("Gather", 13).Refused(x, Fold.Longs(-3));
        new Fold("Gather", 13).Refused(x, Fold.Floats(0));
        new Fold("Gather", 13).Refused(Fold.Counted(0, 3), Fold.Longs(0));
        new Fold("GatherElements", 13).Refused(x, HostTensor.Integers([2, 1], [0, 2]));
        new Fold("GatherND", 13).Refused(x, HostTensor.Integers([1, 2], [0, 3]));
        new Fold("ScatterND", 13).Refused(x, HostTensor.Integers([1, 2], [0, 3]), Fold.Floats(1));
        new Fold("ScatterND", 13).Refused(x, HostTensor.Integers([1, 1], [0]), Fold.Floats(1));
    }

    [Fact]
    public void ScatterReducesFromOpset16()
    {
        var indices = HostTensor.Integers([3, 1], [0, -1, 0]);
        TensorAssert.Holds<float>([31, 2, 23], new Fold("ScatterND", 16).With("reduction", "add").Run(Fold.Floats(1, 2, 3), indices, Fold.Floats(10, 20, 20)));
        TensorAssert.Holds<float>([1, 2, 0], new Fold("ScatterND", 18).With("reduction", "min").Run(Fold.Floats(1, 2, 3), indices, Fold.Floats(5, 0, 1)));
        new Fold("ScatterND", 16).With("reduction", "min").Refused(Fold.Floats(1, 2, 3), indices, Fold.Floats(5, 0, 1));
        Assert.Contains("reduction", new Fold("ScatterND", 13).With("reduction", "add").Refused(Fold.Floats(1, 2, 3), indices, Fold.Floats(5, 0, 1)).Message);
    }

    [Theory]
    [InlineData(0, 10, 3, new long[] { 0, 3, 6, 9 })]
    [InlineData(10, 0, -3, new long[] { 10, 7, 4, 1 })]
    [InlineData(0, 9, 3, new long[] { 0, 3, 6 })]
    [InlineData(5, 5, 1, new long[0])]
    [InlineData(5, 0, 1, new long[0])]
    [InlineData(long.MinValue, long.MaxValue, long.MaxValue, new[] { long.MinValue, -1, long.MaxValue - 1 })]
    public void RangesOfIntegers(long start, long limit, long delta, long[] expected) =>
        TensorAssert.Holds<long>(expected, new Fold("Range", 11).Run(HostTensor.Scalar(start), HostTensor.Scalar(limit), HostTensor.Scalar(delta)));

    [Fact]
    public void ResultsAreHeldAgainstTheLimits()
    {
        var limits = new RnnImportLimits { MaximumElements = 1000 };
        Assert.Contains("MaximumElements", Limited("ConstantOfShape").Refused(Fold.Longs(1001)).Message);
        Assert.Contains("MaximumElements", Limited("ConstantOfShape").Refused(Fold.Longs(int.MaxValue, int.MaxValue, int.MaxValue, 0)).Message);
        Assert.Contains("MaximumElements", Limited("Expand").Refused(Fold.Floats(1), Fold.Longs(100, 100)).Message);
        Assert.Contains("MaximumElements", Limited("Tile").Refused(Fold.Floats(1, 2), Fold.Longs(501)).Message);
        Assert.Contains("MaximumElements", Limited("Range").Refused(HostTensor.Scalar(0), HostTensor.Scalar(2000), HostTensor.Scalar(1)).Message);
        Assert.Contains("MaximumElements", Limited("Range").Refused(HostTensor.Scalar(0), HostTensor.Scalar(long.MaxValue), HostTensor.Scalar(1)).Message);
        Assert.Contains("MaximumElements", Limited("Add").Refused(Fold.Counted(40, 1), Fold.Counted(1, 40)).Message);
        Assert.Contains("MaximumElements", Limited("Identity").Refused(Fold.Counted(1001)).Message);
        Assert.Contains("MaximumElements", Limited("Pad").Refused(Fold.Floats(1), Fold.Longs(1000, 0)).Message);
        Assert.Contains("MaximumTensorBytes", (Limited("Cast") with { Limits = limits with { MaximumTensorBytes = 100 } }).With("to", 11L).Refused(Fold.Counted(20)).Message);
        new Fold("ConstantOfShape", 13).Refused(Fold.Longs(-1));
        new Fold("ConstantOfShape", 13).Refused(Fold.Longs(1L << 40));
        new Fold("ConstantOfShape", 13).Refused(Fold.Longs([.. Enumerable.Repeat(1, 1000)]));

        Fold Limited(string name) => new(name, 13) { Limits = limits };
    }

    [Fact]
    public void ConstantsHaveOneValue()
    {
        Assert.Equal("int64 [2]", new Fold("Constant", 13).With("value_ints", (long[])[1, 2]).Run().ToString());
        Assert.Equal("float32 []", new Fold("Constant", 13).With("value_float", 1f).Run().ToString());
        new Fold("Constant", 13).Refused();
        new Fold("Constant", 13).With("value_float", 1f).With("value_int", 1L).Refused();
        Assert.Contains("value_string", new Fold("Constant", 13).With("value_string", "x").Refused().Message);
    }

    [Fact]
    public void AttributesThatNobodyReadsAreRefused()
    {
        foreach (var name in FoldingEvaluator.Names)
        {
            Assert.ThrowsAny<RnnImportException>(() => new Fold(name, 13).With("consumed_inputs", 1L).All(Fold.Floats(1), Fold.Floats(1)));
        }

        Assert.Contains("consumed_inputs", new Fold("Add", 13).With("consumed_inputs", 1L).Refused(Fold.Floats(1), Fold.Floats(1)).Message);
    }

    [Fact]
    public void ShapeNodesGiveExtents()
    {
        var x = Fold.Counted(2, 3, 4);
        TensorAssert.Holds<long>([2, 3, 4], new Fold("Shape", 13).Run(x));
        TensorAssert.Holds<long>([3], new Fold("Shape", 15).With("start", -2L).With("end", -1L).Run(x));
        Assert.Equal("int64 [0]", new Fold("Shape", 15).With("start", 2L).With("end", long.MinValue).Run(x).ToString());
        TensorAssert.Holds<long>([24], new Fold("Size", 13).Run(x));
    }
}
