using RnnRuntime.Graph;
using RnnRuntime.Quantization;

namespace RnnRuntime.Tests.Kernels;

/// <summary>The weights of one cell, rows gate by gate as in the graph.</summary>
internal sealed class CellModel
{
    public CellModel(CellUnderTest cell, Precision precision, int inputs, int units, Random random, float inputScale = 1f, float recurrentScale = 1f, float biasScale = 0.5f)
    {
        Cell = cell;
        Precision = precision;
        Inputs = inputs;
        Units = units;
        Gates = cell switch
        {
            CellUnderTest.Lstm => 4,
            CellUnderTest.GruResetAfter or CellUnderTest.GruResetBefore => 3,
            _ => 1,
        };

        // Sums of about one, so that gates are neither saturated nor linear.
        var rows = Gates * units;
        InputWeights = Matrix(TestWeights.Uniform(random, rows * inputs, inputScale * 1.7f / MathF.Sqrt(inputs)), inputs);
        RecurrentWeights = Matrix(TestWeights.Uniform(random, rows * units, recurrentScale * 1.7f / MathF.Sqrt(units)), units);
        InputBias = TestWeights.Uniform(random, rows, biasScale);
        RecurrentBias = TestWeights.Uniform(random, rows, biasScale);
    }

    public CellUnderTest Cell { get; }

    public Precision Precision { get; }

    public int Inputs { get; }

    public int Units { get; }

    public int Gates { get; }

    public Weights InputWeights { get; }

    public Weights RecurrentWeights { get; }

    public float[] InputBias { get; }

    /// <summary>Only a GRU keeps it apart.</summary>
    public float[] RecurrentBias { get; }

    public override string ToString() => $"{Cell} {Precision}, {Inputs} inputs, {Units} units";

    private Weights Matrix(float[] values, int columns)
    {
        var weights = TestWeights.Float32(Gates * Units, columns, values);
        return Precision switch
        {
            Precision.Int8 => WeightQuantizer.ToInt8(weights, weights.Values.Name, $"{weights.Values.Name}.scales"),
            Precision.BFloat16 => TestWeights.Half(TensorType.BFloat16, weights.Rows, columns, values),
            Precision.Float16 => TestWeights.Half(TensorType.Float16, weights.Rows, columns, values),
            _ => weights,
        };
    }
}
