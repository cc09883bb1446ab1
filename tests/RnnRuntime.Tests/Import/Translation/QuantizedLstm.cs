using RnnRuntime.Fuzz;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>An LSTM with quantised weights of random numbers, and the float32 LSTM that they stand for.</summary>
internal sealed record QuantizedLstm(int Seed, int TimeSteps, int Streams, int Inputs, int Hidden)
{
    public int Directions { get; init; } = 1;

    public DataType Type { get; init; } = DataType.Int8;

    /// <summary>Scales and zero points of each row; otherwise of each direction.</summary>
    public bool PerRow { get; init; } = true;

    /// <summary>The largest magnitude that is stored.</summary>
    public int Largest { get; init; } = 127;

    /// <summary>Stored in the place of the first weight.</summary>
    public int? First { get; init; }

    public int ZeroPoint { get; init; }

    /// <summary>The sign of the scales.</summary>
    public float Sign { get; init; } = 1;

    public (string Name, object Value)[] Attributes { get; init; } = [];

    public int Rows => 4 * Hidden;

    /// <summary>[directions, columns, rows], as the operator has them.</summary>
    public int[] Stored(int columns)
    {
        var random = new Random(Seed + columns);
        int[] all = [.. Enumerable.Range(0, Directions * columns * Rows).Select(_ => random.Next(-Largest, Largest + 1) + ZeroPoint)];
        all[0] = First ?? all[0];
        return all;
    }

    public float[] Scales(int columns)
    {
        var random = new Random(Seed - columns);
        return [.. Enumerable.Range(0, Directions * (PerRow ? Rows : 1)).Select(_ => Sign * (0.5f + random.NextSingle()) / 127 / MathF.Sqrt(columns))];
    }

    /// <summary>[directions, rows, columns]: what is stored, less the zero point, times the scale.</summary>
    public float[] Weights(int columns)
    {
        var (stored, scales) = (Stored(columns), Scales(columns));
        return
        [
            .. from direction in Enumerable.Range(0, Directions)
               from row in Enumerable.Range(0, Rows)
               from column in Enumerable.Range(0, columns)
               select (stored[(((direction * columns) + column) * Rows) + row] - ZeroPoint) * scales[PerRow ? (direction * Rows) + row : direction],
        ];
    }

    public float[] Bias() => Numbers(1, 2 * Directions * Rows);

    public float[] X(int run) => Numbers(100 + run, TimeSteps * Streams * Inputs);

    public float[] State(int run) => Numbers(200 + run, Directions * Streams * Hidden);

    /// <summary>Inputs x, h and c; outputs y, yh and yc.</summary>
    public OnnxSketch Quantized()
    {
        var sketch = Common();
        Add("w", Inputs);
        Add("r", Hidden);
        return sketch.Node("com.microsoft.DynamicQuantizeLSTM", "x w r b - h c - ws wz rs rz", "y yh yc", [("hidden_size", Hidden), .. Attributes]).Output("y", "yh", "yc");

        void Add(string name, int columns)
        {
            long[] shape = PerRow ? [Directions, Rows] : [Directions];
            var scales = Scales(columns);
            sketch.Tensor(name, Type, [Directions, columns, Rows], Stored(columns).Select(value => (byte)value).ToArray())
                .Tensor($"{name}s", DataType.Float, shape, scales)
                .Tensor($"{name}z", Type, shape, Enumerable.Repeat((byte)ZeroPoint, scales.Length).ToArray());
        }
    }

    public OnnxSketch Float() => Common()
        .Tensor("w", DataType.Float, [Directions, Rows, Inputs], Weights(Inputs)).Tensor("r", DataType.Float, [Directions, Rows, Hidden], Weights(Hidden))
        .Node("LSTM", "x w r b - h c", "y yh yc", [("hidden_size", Hidden), .. Attributes]).Output("y", "yh", "yc");

    private OnnxSketch Common() => new OnnxSketch(14)
        .Input("x", TimeSteps, Streams, Inputs).Input("h", Directions, Streams, Hidden).Input("c", Directions, Streams, Hidden)
        .Tensor("b", DataType.Float, [Directions, 2 * Rows], Bias());

    private float[] Numbers(int salt, int count)
    {
        var random = new Random((Seed * 1000) + salt);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
    }
}
