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
/// An ONNX model in memory with one recurrent node. Inputs X [T,B,F], initial_h and, for an LSTM, initial_c [1,B,H]; outputs Y [T,1,B,H], Y_h and Y_c
/// [1,B,H]. ONNX's gate order is i, o, f, c for an LSTM and z, r, h for a GRU.
/// </summary>
internal static class OnnxCellModel
{
    internal static byte[] Build(CellProblem problem, OnnxPrecision precision)
    {
        CellShape shape = problem.Shape;
        bool int8 = precision != OnnxPrecision.Float32;
        if (int8 && shape.Cell != Cell.Lstm)
        {
            throw new ArgumentException($"ONNX Runtime has no int8 {shape.Cell}.", nameof(precision));
        }

        var graph = new ProtobufWriter();
        graph.Message(1, Node(shape, int8));
        graph.Text(2, "cell");
        float[] input = Reorder(problem.InputWeights, shape), recurrent = Reorder(problem.RecurrentWeights, shape);
        if (int8)
        {
            int limit = precision == OnnxPrecision.Int8Bits7 ? 63 : 127;
            AddQuantized(graph, "W", input, shape.Input, shape.Rows, limit);
            AddQuantized(graph, "R", recurrent, shape.Hidden, shape.Rows, limit);
        }
        else
        {
            graph.Message(5, Tensor<float>("W", FloatType, input, 1, shape.Rows, shape.Input));
            graph.Message(5, Tensor<float>("R", FloatType, recurrent, 1, shape.Rows, shape.Hidden));
        }

        float[] recurrentBias = problem.RecurrentBias.Length > 0 ? Reorder(problem.RecurrentBias, shape) : new float[shape.Rows];
        float[] bias = [.. Reorder(problem.Bias, shape), .. recurrentBias];
        graph.Message(5, Tensor<float>("B", FloatType, bias, 1, bias.Length));
        graph.Message(11, ValueInfo("X", shape.TimeSteps, shape.Streams, shape.Input));
        graph.Message(12, ValueInfo("Y", shape.TimeSteps, 1, shape.Streams, shape.Hidden));
        foreach (string state in States(shape))
        {
            graph.Message(11, ValueInfo($"initial_{state}", 1, shape.Streams, shape.Hidden));
            graph.Message(12, ValueInfo($"Y_{state}", 1, shape.Streams, shape.Hidden));
        }

        return new ProtobufWriter()
            .Varint(1, 8)
            .Message(8, new ProtobufWriter().Text(1, "").Varint(2, 14))
            .Message(8, new ProtobufWriter().Text(1, "com.microsoft").Varint(2, 1))
            .Message(7, graph)
            .ToArray();
    }

    /// <summary>The states: input <c>initial_NAME</c>, output <c>Y_NAME</c>.</summary>
    internal static string[] States(CellShape shape) => shape.Cell == Cell.Lstm ? ["h", "c"] : ["h"];

    private static ProtobufWriter Node(CellShape shape, bool int8)
    {
        string[] inputs = ["X", "W", "R", "B", "", .. States(shape).Select(state => $"initial_{state}")];
        var node = new ProtobufWriter();
        foreach (string input in int8 ? [.. inputs, "", "W_scale", "W_zero_point", "R_scale", "R_zero_point"] : inputs)
        {
            node.Text(1, input);
        }

        node.Text(2, "Y");
        foreach (string state in States(shape))
        {
            node.Text(2, $"Y_{state}");
        }

        node.Text(3, "cell").Text(4, int8 ? "DynamicQuantizeLSTM" : shape.Cell.ToString().ToUpperInvariant()).Message(5, Attribute("hidden_size", shape.Hidden));
        if (shape.Cell == Cell.Gru)
        {
            node.Message(5, Attribute("linear_before_reset", 1));
        }

        return node.Text(7, int8 ? "com.microsoft" : "");
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

    /// <summary>From our order of gates to ONNX's.</summary>
    private static float[] Reorder(float[] values, CellShape shape)
    {
        int[] gateAtPlace = shape.Cell switch
        {
            Cell.Lstm => [0, 3, 1, 2],
            Cell.Gru => [1, 0, 2],
            _ => [0],
        };
        int block = values.Length / shape.Gates;
        if (block % shape.Hidden != 0)
        {
            throw new ArgumentException($"{values.Length} values are not {shape.Gates} gates of {shape.Hidden} rows.", nameof(values));
        }

        return [.. gateAtPlace.SelectMany(gate => values.AsSpan(gate * block, block).ToArray())];
    }
}
