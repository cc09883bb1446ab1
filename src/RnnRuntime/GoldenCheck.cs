using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Formats;

namespace RnnRuntime;

/// <summary>Runs a model over golden inputs.</summary>
internal static class GoldenCheck
{
    private const float Tolerance = 1e-4f;

    /// <summary>Compares the outputs; returns the largest absolute difference.</summary>
    public static float Verify(RnnModel model, GoldenVectors golden)
    {
        var largest = 0f;
        var actual = Run(model, golden);
        foreach (var (name, expected) in golden.Outputs)
        {
            var values = MemoryMarshal.Cast<byte, float>(expected.Data.Span);
            var found = actual[name];
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

    /// <summary>The outputs of the model for the golden inputs, from the initial state: [T][shape] by name.</summary>
    public static Dictionary<string, float[]> Run(RnnModel model, GoldenVectors golden)
    {
        using var session = model.CreateSession(1, 1);
        var steps = golden.TimeSteps;
        var outputs = model.Outputs.ToDictionary(output => output.Name, output => new float[output.Shape.ElementCount * steps]);
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
            foreach (var output in model.Outputs)
            {
                var length = output.Shape.ElementCount;
                session.GetOutput(output.Name, outputs[output.Name].AsSpan(t * length, length));
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
                pair => pair.Value with { Data = MemoryMarshal.AsBytes<float>(outputs[pair.Key]).ToArray() }),
        };
    }
}
