using System.Collections.Immutable;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Folding;

public sealed class ArithmeticFoldingTests
{
    [Fact]
    public void IntegersWrapAndDivideTowardsZero()
    {
        TensorAssert.Holds<sbyte>([-128, 100], Run("Add", 14, Fold.Of<sbyte>(ElementType.Int8, 127, 50), Fold.Of<sbyte>(ElementType.Int8, 1, 50)));
        TensorAssert.Holds<int>([int.MinValue, -3], Run("Div", 14, Fold.Of(ElementType.Int32, int.MinValue, -7), Fold.Of(ElementType.Int32, -1, 2)));
        TensorAssert.Holds<long>([long.MinValue], Run("Neg", 13, Fold.Longs(long.MinValue)));
        TensorAssert.Holds<long>([long.MinValue, 3], Run("Abs", 13, Fold.Longs(long.MinValue, -3)));
        TensorAssert.Holds<long>([1, -1, 0], Run("Mod", 13, Fold.Longs(-5, 5, long.MinValue), Fold.Longs(2, -2, -1)));
        TensorAssert.Holds<long>([-1, 1], new Fold("Mod", 13).With("fmod", 1L).Run(Fold.Longs(-5, 5), Fold.Longs(2, -2)));
        Assert.Contains("divided by 0", new Fold("Div", 14).Refused(Fold.Longs(1), Fold.Longs(0)).Message);
        Assert.Contains("divided by 0", new Fold("Mod", 13).Refused(Fold.Longs(1), Fold.Longs(0)).Message);
    }

    [Fact]
    public void PowersKeepTheBaseTypeAndAreExactForIntegers()
    {
        TensorAssert.Holds<long>([8, 9], Run("Pow", 15, Fold.Longs(2, 3), Fold.Floats(3, 2)));
        Assert.Contains("2^53", new Fold("Pow", 15).Refused(Fold.Longs(10), Fold.Longs(17)).Message);
        new Fold("Mod", 13).Refused(Fold.Floats(5), Fold.Floats(2));
    }

    [Fact]
    public void SixteenBitFloatsKeepTheirType()
    {
        var half = Run("Add", 14, Fold.Of(ElementType.Float16, (Half)1.5), Fold.Of(ElementType.Float16, (Half)0.25));
        Assert.Equal(ElementType.Float16, half.Type);
        Assert.Equal((Half)1.75, half.Values<Half>()[0]);
        var brain = Run("Mul", 14, Fold.Of<ushort>(ElementType.BFloat16, 0x3F80, 0x4040), Fold.Of<ushort>(ElementType.BFloat16, 0x4000, 0x4000));
        TensorAssert.Holds<ushort>([0x4000, 0x40C0], brain);
        Assert.Equal(ElementType.Bool, Run("Less", 13, Fold.Of(ElementType.Float16, (Half)1), Fold.Of(ElementType.Float16, (Half)2)).Type);
        new Fold("Add", 14).Refused(Fold.Of(ElementType.Float16, (Half)1), Fold.Floats(1));
    }

    [Fact]
    public void MixedElementTypesAreRefused()
    {
        Assert.Contains("one element type", new Fold("Add", 14).Refused(Fold.Longs(1), Fold.Floats(1)).Message);
        Assert.Contains("one element type", new Fold("Where", 16).Refused(Fold.Flags(true), Fold.Longs(1), Fold.Floats(1)).Message);
        new Fold("And", 7).Refused(Fold.Longs(1), Fold.Longs(1));
        new Fold("Sqrt", 13).Refused(Fold.Longs(1));
    }

    [Theory]
    [InlineData("Erf", 0.5, 0.5204998778130465)]
    [InlineData("Erf", -2, -0.9953222650189527)]
    [InlineData("Erf", 4.5, 0.9999999998033839)]
    [InlineData("Erf", 1e-9, 1.1283791670955126e-9)]
    [InlineData("Erf", double.NegativeInfinity, -1)]
    [InlineData("Softplus", -40, 4.248354255291589e-18)]
    [InlineData("Softplus", 800, 800)]
    [InlineData("Elu", -1e-12, -9.999999999995e-13)]
    [InlineData("Elu", -50, -1)]
    [InlineData("Round", 2.5, 2)]
    [InlineData("Sigmoid", -800, 0)]
    [InlineData("HardSigmoid", 1, 0.7)]
    [InlineData("LeakyRelu", -2, -0.02)]
    [InlineData("Relu", double.NaN, double.NaN)]
    [InlineData("Sign", -0.5, -1)]
    public void FunctionsAreAccurateFarFromOneToo(string name, double x, double expected)
    {
        var actual = Run(name, 16, Fold.Of(ElementType.Float64, x)).Values<double>()[0];
        Assert.True(expected.Equals(actual) || Math.Abs(actual - expected) <= 1e-7 * Math.Abs(expected), $"{actual} instead of {expected}");
    }

    [Fact]
    public void EveryOperatorOfFloatsAgreesBetweenDoubleAndSingle()
    {
        foreach (var name in (string[])["Sqrt", "Exp", "Log", "Reciprocal", "Tanh", "Sigmoid", "Softsign", "Erf", "Elu"])
        {
            var single = Run(name, 13, Fold.Floats(0.37f)).Values<float>()[0];
            Assert.Equal((float)Run(name, 13, Fold.Of(ElementType.Float64, (double)0.37f)).Values<double>()[0], single);
        }
    }

    [Fact]
    public void ClipReadsTheFormOfItsOpset()
    {
        TensorAssert.Holds<float>([0, 0.5f, 1], new Fold("Clip", 7).With("min", 0f).With("max", 1f).Run(Fold.Floats(-1, 0.5f, 3)));
        TensorAssert.Holds<long>([5, 7], Run("Clip", 12, Fold.Longs(1, 9), HostTensor.Scalar(5), HostTensor.Scalar(7)));
        TensorAssert.Holds<long>([1, 7], Run("Clip", 12, Fold.Longs(1, 9), null, HostTensor.Scalar(7)));
        TensorAssert.Holds<float>([2, 2], Run("Clip", 13, Fold.Floats(0, 9), HostTensor.Floats([], [3]), HostTensor.Floats([], [2])));
        Assert.Contains("attribute min", new Fold("Clip", 11).With("min", 0f).Refused(Fold.Floats(1)).Message);
        new Fold("Clip", 7).Refused(Fold.Floats(1), HostTensor.Floats([], [3]));
        new Fold("Clip", 13).Refused(Fold.Floats(1), HostTensor.Scalar(3));
    }

    [Fact]
    public void SoftmaxBeforeOpset13NormalisesWholeRows()
    {
        var x = HostTensor.Floats([1, 2, 2], [0, 0, 0, 0]);
        TensorAssert.Holds<float>([0.25f, 0.25f, 0.25f, 0.25f], Run("Softmax", 12, x));
        TensorAssert.Holds<float>([0.5f, 0.5f, 0.5f, 0.5f], Run("Softmax", 13, x));
        TensorAssert.Holds<float>([0.5f, 0.5f], Run("Softmax", 13, HostTensor.Floats([2], [1e30f, 1e30f])));
    }

    [Fact]
    public void ReductionsReadTheFormOfTheirOpset()
    {
        var x = HostTensor.Floats([2, 3], [1, 2, 3, 4, 5, 6]);
        Assert.Equal("float32 [1, 1]", Run("ReduceSum", 11, x).ToString());
        TensorAssert.Holds<float>([6, 15], new Fold("ReduceSum", 11).With("axes", (long[])[-1]).With("keepdims", 0L).Run(x));
        TensorAssert.Holds<float>([6, 15], new Fold("ReduceSum", 13).With("keepdims", 0L).Run(x, Fold.Longs(1)));
        TensorAssert.Holds<float>([2, 5], new Fold("ReduceMean", 13).With("axes", (long[])[1]).Run(x));
        TensorAssert.Holds<float>([2, 5], Run("ReduceMean", 18, x, Fold.Longs(1)));
        Assert.Equal(x.Data.ToArray(), new Fold("ReduceMax", 18).With("noop_with_empty_axes", 1L).Run(x).Data.ToArray());
        new Fold("ReduceMax", 13).Refused(x, Fold.Longs(1));
        Assert.Contains("attribute axes", new Fold("ReduceSum", 13).With("axes", (long[])[1]).Refused(x).Message);
        Assert.Contains("twice", new Fold("ReduceSum", 13).Refused(x, Fold.Longs(1, -1)).Message);
    }

    [Fact]
    public void ReductionsOfNothingGiveTheNeutralElement()
    {
        var none = HostTensor.Floats([2, 0], []);
        TensorAssert.Holds<float>([0, 0], Run("ReduceSum", 13, none, Fold.Longs(1)));
        TensorAssert.Holds<float>([1, 1], Run("ReduceProd", 18, none, Fold.Longs(1)));
        TensorAssert.Holds<float>([float.NegativeInfinity, float.NegativeInfinity], Run("ReduceMax", 18, none, Fold.Longs(1)));
        TensorAssert.Holds<float>([float.PositiveInfinity, float.PositiveInfinity], Run("ReduceMin", 18, none, Fold.Longs(1)));
        TensorAssert.Holds<int>([int.MinValue], Run("ReduceMax", 18, HostTensor.Of<int>(ElementType.Int32, [0], [])));
        TensorAssert.Holds<byte>([byte.MaxValue], Run("ReduceMin", 18, HostTensor.Of<byte>(ElementType.UInt8, [0], [])));
        new Fold("ReduceMean", 18).Refused(HostTensor.Of<int>(ElementType.Int32, [0], []));
        new Fold("ArgMax", 13).With("axis", 1L).Refused(none);
        Assert.Equal("int64 [1, 0]", Run("ArgMax", 13, none).ToString());
    }

    [Fact]
    public void SumsAreTakenInDouble()
    {
        var x = Fold.Floats(1e8f, 1, -1e8f);
        TensorAssert.Holds<float>([1], Run("ReduceSum", 13, x));
        TensorAssert.Holds<float>([1], Run("MatMul", 13, x, Fold.Floats(1, 1, 1)));
        TensorAssert.Holds<float>([1e8f, 100000001f, 1], Run("CumSum", 14, x, HostTensor.Scalar(0)));
        TensorAssert.Holds<float>([0, 1e8f, 100000001f], new Fold("CumSum", 14).With("exclusive", 1L).Run(x, HostTensor.Scalar(0)));
    }

    [Fact]
    public void ProductsBroadcastTheirBatches()
    {
        var product = Run("MatMul", 13, Fold.Counted(2, 1, 2, 3), Fold.Counted(4, 3, 2));
        Assert.Equal("float32 [2, 4, 2, 2]", product.ToString());
        for (var i = 0; i < 2; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                for (var row = 0; row < 2; row++)
                {
                    for (var column = 0; column < 2; column++)
                    {
                        var sum = Enumerable.Range(0, 3).Sum(k => ((((i * 2) + row) * 3) + k) * ((((j * 3) + k) * 2) + column));
                        Assert.Equal(sum, product.Values<float>()[(((((i * 4) + j) * 2) + row) * 2) + column]);
                    }
                }
            }
        }

        Assert.Equal("float32 [2]", Run("MatMul", 13, Fold.Counted(2, 3), Fold.Counted(3)).ToString());
        Assert.Equal("float32 [4, 2]", Run("MatMul", 13, Fold.Counted(3), Fold.Counted(4, 3, 2)).ToString());
        TensorAssert.Holds<long>([-5], Run("MatMul", 13, Fold.Longs(1, 2), Fold.Longs(3, -4)));
        Assert.Equal("float32 [2, 4]", Run("MatMul", 13, Fold.Counted(2, 0), Fold.Counted(0, 4)).ToString());
        new Fold("MatMul", 13).Refused(Fold.Counted(2, 3), Fold.Counted(2, 3));
        new Fold("MatMul", 13).Refused(Fold.Counted(), Fold.Counted(1));
    }

    [Fact]
    public void WorkOfAProductIsLimited()
    {
        var limits = new RnnImportLimits { MaximumElements = 100 };
        Assert.Contains("MaximumElements", (new Fold("MatMul", 13) { Limits = limits }).Refused(Fold.Counted(10, 10), Fold.Counted(10, 10)).Message);
    }

    [Fact]
    public void OneHotAcceptsNegativeIndicesAndLeavesOthersOff()
    {
        var hot = Run("OneHot", 11, Fold.Longs(0, -1, 5, -4), HostTensor.Scalar(3), Fold.Floats(0, 1));
        TensorAssert.Holds<float>([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], hot);
    }

    [Fact]
    public void BatchNormalizationOfTrainingIsRefused()
    {
        var one = Fold.Floats(1);
        var x = HostTensor.Floats([1, 1, 2], [3, 5]);
        TensorAssert.Holds<float>([3, 5], new Fold("BatchNormalization", 15).With("epsilon", 0f).Run(x, one, Fold.Floats(0), Fold.Floats(0), one));
        Assert.Contains("training_mode", new Fold("BatchNormalization", 15).With("training_mode", 1L).Refused(x, one, one, one, one).Message);
        Assert.Contains("spatial", new Fold("BatchNormalization", 7).With("spatial", 0L).Refused(x, one, one, one, one).Message);
    }

    private static HostTensor Run(string name, int opset, params HostTensor?[] inputs) => new Fold(name, opset).Run(inputs);
}
