using static RnnRuntime.Bench.Peers.OnnxMessages;

namespace RnnRuntime.Bench.Peers;

/// <summary>How far the int8 weights of an ONNX model reach: ±127, or ±63 so that no <c>maddubs</c> pair can saturate.</summary>
internal enum OnnxPrecision
{
    Float32,
    Int8Bits7,
    Int8Bits8,
}

/// <summary>
/// An ONNX model in memory with one recurrent node. Inputs X [T,B,F], initial_h and initial_c [1,B,H]; outputs Y [T,1,B,H], Y_h and Y_c [1,B,H].
/// ONNX's gate order is i, o, f, c.
/// </summary>
internal static class OnnxLstmModel
{
    /// <summary>Block of ours (i, f, g, o) that stands at each of ONNX's places (i, o, f, c).</summary>
    private static readonly int[] GateAtPlace = [0, 3, 1, 2];

    internal static byte[] Build(LstmProblem problem, OnnxPrecision precision)
    {
        LstmShape shape = problem.Shape;
        var graph = new ProtobufWriter();
        bool int8 = precision != OnnxPrecision.Float32;
        graph.Message(1, int8
            ? Node("DynamicQuantizeLSTM", "com.microsoft", shape, ["X", "W", "R", "B", "", "initial_h", "initial_c", "", "W_scale", "W_zero_point", "R_scale", "R_zero_point"])
            : Node("LSTM", "", shape, ["X", "W", "R", "B", "", "initial_h", "initial_c"]));
        graph.Text(2, "lstm");
        if (int8)
        {
            int limit = precision == OnnxPrecision.Int8Bits7 ? 63 : 127;
            AddQuantized(graph, "W", Reorder(problem.InputWeights, shape.Hidden), shape.Input, shape.Rows, limit);
            AddQuantized(graph, "R", Reorder(problem.RecurrentWeights, shape.Hidden), shape.Hidden, shape.Rows, limit);
        }
        else
        {
            graph.Message(5, Tensor<float>("W", FloatType, Reorder(problem.InputWeights, shape.Hidden), 1, shape.Rows, shape.Input));
            graph.Message(5, Tensor<float>("R", FloatType, Reorder(problem.RecurrentWeights, shape.Hidden), 1, shape.Rows, shape.Hidden));
        }

        float[] bias = [.. Reorder(problem.Bias, shape.Hidden), .. new float[shape.Rows]];
        graph.Message(5, Tensor<float>("B", FloatType, bias, 1, bias.Length));
        graph.Message(11, ValueInfo("X", shape.TimeSteps, shape.Streams, shape.Input));
        graph.Message(11, ValueInfo("initial_h", 1, shape.Streams, shape.Hidden));
        graph.Message(11, ValueInfo("initial_c", 1, shape.Streams, shape.Hidden));
        graph.Message(12, ValueInfo("Y", shape.TimeSteps, 1, shape.Streams, shape.Hidden));
        graph.Message(12, ValueInfo("Y_h", 1, shape.Streams, shape.Hidden));
        graph.Message(12, ValueInfo("Y_c", 1, shape.Streams, shape.Hidden));

        return new ProtobufWriter()
            .Varint(1, 8)
            .Message(8, new ProtobufWriter().Text(1, "").Varint(2, 14))
            .Message(8, new ProtobufWriter().Text(1, "com.microsoft").Varint(2, 1))
            .Message(7, graph)
            .ToArray();
    }

    private static ProtobufWriter Node(string type, string domain, LstmShape shape, string[] inputs)
    {
        var node = new ProtobufWriter();
        foreach (string input in inputs)
        {
            node.Text(1, input);
        }

        return node.Text(2, "Y").Text(2, "Y_h").Text(2, "Y_c").Text(3, "lstm").Text(4, type)
            .Message(5, Attribute("hidden_size", shape.Hidden))
            .Text(7, domain);
    }

    /// <summary>Symmetric int8 with a scale per row, stored transposed as the operator takes it: [1, columns, rows].</summary>
    private static void AddQuantized(ProtobufWriter graph, string name, float[] weights, int columns, int rows, int limit)
    {
        var quantized = new sbyte[weights.Length];
        var scales = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> values = weights.AsSpan(row * columns, columns);
            float largest = 0;
            foreach (float value in values)
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            scales[row] = largest / limit;
            for (int column = 0; column < columns; column++)
            {
                quantized[(column * rows) + row] = (sbyte)MathF.Round(values[column] / scales[row]);
            }
        }

        graph.Message(5, Tensor<sbyte>(name, Int8Type, quantized, 1, columns, rows));
        graph.Message(5, Tensor<float>($"{name}_scale", FloatType, scales, 1, rows));
        graph.Message(5, Tensor<sbyte>($"{name}_zero_point", Int8Type, new sbyte[rows], 1, rows));
    }

    private static float[] Reorder(float[] gates, int hidden)
    {
        int block = gates.Length / 4;
        if (block % hidden != 0)
        {
            throw new ArgumentException($"{gates.Length} values are not four gates of {hidden} rows.", nameof(gates));
        }

        return [.. GateAtPlace.SelectMany(gate => gates.AsSpan(gate * block, block).ToArray())];
    }
}
