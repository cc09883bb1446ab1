using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Formats;

namespace RnnRuntime;

/// <summary>Runs a model over golden inputs.</summary>
internal static class GoldenCheck
{
    private const float Tolerance = 1e-4f;

    /// <summary>Compares the outputs, int32 ones exactly; returns the largest absolute difference.</summary>
    public static float Verify(RnnModel model, GoldenVectors golden)
    {
        var largest = 0f;
        var actual = Run(model, golden);
        foreach (var (name, expected) in golden.Outputs)
        {
            if (expected.Type == TensorType.Int32)
            {
                CheckEqual(name, MemoryMarshal.Cast<byte, int>(expected.Data.Span), MemoryMarshal.Cast<byte, int>(actual[name]));
                continue;
            }

            var values = MemoryMarshal.Cast<byte, float>(expected.Data.Span);
            var found = MemoryMarshal.Cast<byte, float>(actual[name]);
            for (var i = 0; i < values.Length; i++)
            {
                var difference = Math.Abs(found[i] - values[i]);
                if (!(difference <= Tolerance * Math.Max(1f, Math.Abs(values[i]))))
                {
                    throw new RnnFormatException("golden", $"golden.output.{name}[{i}]", $"{found[i]:R}", $"{values[i]:R} within {Tolerance}");
                }

                largest = Math.Max(largest, difference);
            }
        }

        return largest;
    }

    private static void CheckEqual(string name, ReadOnlySpan<int> expected, ReadOnlySpan<int> found)
    {
        if (expected.CommonPrefixLength(found) is var index && index < expected.Length)
        {
            throw new RnnFormatException("golden", $"golden.output.{name}[{index}]", $"{found[index]}", $"{expected[index]}");
        }
    }

    /// <summary>The golden outputs that the model gives for the golden inputs, from the initial state: [T][shape] by name, as bytes.</summary>
    public static Dictionary<string, byte[]> Run(RnnModel model, GoldenVectors golden)
    {
        using var session = model.CreateSession(1, 1);
        var steps = golden.TimeSteps;
        var outputs = golden.Outputs.ToDictionary(pair => pair.Key, pair => new byte[pair.Value.Data.Length]);
        for (var t = 0; t < steps; t++)
        {
            foreach (var input in model.Inputs)
            {
                var data = golden.Inputs[input.Name].Data.Span;
                var length = input.Shape.ElementCount;
                if (input.Type == TensorType.Float32)
                {
                    session.SetInput(input.Name, MemoryMarshal.Cast<byte, float>(data).Slice(t * length, length));
                    continue;
                }

                try
                {
                    session.SetInput(input.Name, MemoryMarshal.Cast<byte, int>(data).Slice(t * length, length));
                }
                catch (ArgumentException exception)
                {
                    throw new RnnFormatException("golden", $"golden.input.{input.Name}", exception.Message, "indices of the table", exception);
                }
            }

            session.Run();
            foreach (var output in model.Outputs.Where(output => outputs.ContainsKey(output.Name)))
            {
                var length = output.Shape.ElementCount;
                var data = outputs[output.Name].AsSpan(t * length * sizeof(float), length * sizeof(float));
                if (output.Type == TensorType.Int32)
                {
                    session.GetOutput(output.Name, MemoryMarshal.Cast<byte, int>(data));
                }
                else
                {
                    session.GetOutput(output.Name, MemoryMarshal.Cast<byte, float>(data));
                }
            }
        }

        return outputs;
    }

    /// <summary>Golden vectors with the same inputs and the outputs that this model gives.</summary>
    public static GoldenVectors Renew(RnnModel model, GoldenVectors golden)
    {
        var outputs = Run(model, golden);
        return golden with
        {
            Outputs = golden.Outputs.ToImmutableDictionary(
                pair => pair.Key,
                pair => pair.Value with { Data = outputs[pair.Key] }),
        };
    }
}
