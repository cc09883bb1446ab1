namespace RnnRuntime.Cli.Checking;

/// <summary>A saved model has to give the bits of the one that it was saved from.</summary>
internal static class ReloadCheck
{
    public const int Steps = 16;

    private const int Seed = 20;

    /// <summary>Runs both over the same numbers; throws where an output or a state differs in one bit.</summary>
    public static void Run(RnnModel original, RnnModel reloaded)
    {
        if (!original.Inputs.SequenceEqual(reloaded.Inputs) || !original.Outputs.SequenceEqual(reloaded.Outputs) || !original.States.SequenceEqual(reloaded.States))
        {
            throw new CliException("--check: the file that was written has other inputs, outputs or states than the model in memory");
        }

        using var first = original.CreateSession(1, 1);
        using var second = reloaded.CreateSession(1, 1);
        var random = new Random(Seed);
        for (var step = 0; step < Steps; step++)
        {
            for (var input = 0; input < original.Inputs.Length; input++)
            {
                Give(first, second, input, random);
            }

            first.Run();
            second.Run();
            foreach (var (name, values, others) in Results(original, first, second))
            {
                if (!values.AsSpan().SequenceEqual(others))
                {
                    throw new CliException($"--check: step {step}, '{name}': the file that was written gives other bits than the model in memory");
                }
            }
        }
    }

    private static void Give(RnnSession first, RnnSession second, int input, Random random)
    {
        var port = first.Model.Plan.Inputs[input];
        if (port.Value.Type == TensorType.Int32)
        {
            var indices = new int[port.Value.Shape.ElementCount];
            for (var i = 0; i < indices.Length; i++)
            {
                indices[i] = random.Next(port.IndexLimit == 0 ? 8 : port.IndexLimit);
            }

            first.SetInput(input, indices);
            second.SetInput(input, indices);
            return;
        }

        var values = new float[port.Value.Shape.ElementCount];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextSingle() * 2) - 1;
        }

        first.SetInput(input, values);
        second.SetInput(input, values);
    }

    private static IEnumerable<(string Name, int[] First, int[] Second)> Results(RnnModel model, RnnSession first, RnnSession second)
    {
        for (var i = 0; i < model.Outputs.Length; i++)
        {
            yield return (model.Outputs[i].Name, Output(first, i), Output(second, i));
        }

        foreach (var state in model.States)
        {
            yield return (state.Name, State(first, state), State(second, state));
        }
    }

    private static int[] Output(RnnSession session, int output)
    {
        var tensor = session.Model.Outputs[output];
        if (tensor.Type == TensorType.Int32)
        {
            var integers = new int[tensor.Shape.ElementCount];
            session.GetOutput(output, integers);
            return integers;
        }

        var values = new float[tensor.Shape.ElementCount];
        session.GetOutput(output, values);
        return Bits(values);
    }

    private static int[] State(RnnSession session, TensorInfo state)
    {
        var values = new float[state.Shape.ElementCount];
        session.GetState(state.Name, values);
        return Bits(values);
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}
