using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// Inputs as small as a state may become, or whose exponential is that small: neither a result nor an intermediate result is subnormal, which would
/// make a step several times slower.
/// </summary>
[Trait("Category", "Kernels")]
public sealed unsafe class TinyInputTests
{
    private const float Parameter = 0.5f;

    private static readonly UnaryFunction[] Functions =
    [
        UnaryFunction.Sigmoid, UnaryFunction.Tanh, UnaryFunction.Exp, UnaryFunction.Log, UnaryFunction.LeakyRelu, UnaryFunction.Elu,
        UnaryFunction.ScaledTanh, UnaryFunction.Softplus, UnaryFunction.Softsign, UnaryFunction.Round,
    ];

    private static readonly float[] Inputs = [.. Magnitudes().SelectMany(x => new[] { x, -x })];

    public static TheoryData<string> Names => [.. Functions.Select(function => $"{function}")];

    public static MatrixTheoryData<string, string> Cases => new(Variants.Names, Functions.Select(function => $"{function}"));

    [Theory]
    [MemberData(nameof(Names))]
    public void NoIntermediateResultIsSubnormal(string function)
    {
        foreach (var x in Inputs)
        {
            var (input, result) = (x, 0f);
            RecordingLanes.Subnormal = null;
            Elementwise<RecordingLanes, float>.Unary(Enum.Parse<UnaryFunction>(function), Parameter, Parameter, &input, &result, 1);
            Assert.True(RecordingLanes.Subnormal is null, $"{function}({x:R}): {RecordingLanes.Subnormal}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void NoResultIsSubnormal(string kernel, string function)
    {
        var variant = Variants.Require(kernel);
        var y = new float[Inputs.Length];
        fixed (float* source = Inputs, destination = y)
        {
            variant.Unary(Enum.Parse<UnaryFunction>(function), Parameter, Parameter, source, destination, y.Length);
        }

        Variants.AssertAll(Inputs, y, value => !float.IsSubnormal(value), function);
    }

    [Fact]
    public void ASubnormalIntermediateResultIsFound()
    {
        RecordingLanes.Subnormal = null;
        var square = RecordingLanes.Multiply(1e-20f, 1e-20f);
        Assert.Equal(1e-40f, square);
        Assert.Equal("1E-20 * 1E-20 = 1E-40", RecordingLanes.Subnormal);
    }

    private static IEnumerable<float> Magnitudes() =>
    [
        .. Enumerable.Range(0, 41).SelectMany(i => new[] { 1f, 1.3f, 1.9f }.Select(x => MathF.ScaleB(x, -40 - i))),
        .. Enumerable.Range(0, 169).Select(i => 45f + (i / 4f)),
    ];
}
