using RnnRuntime;

namespace RnnRuntime.Tests;

/// <summary>The README's example, compiled and run.</summary>
internal static class ReadmeExample
{
    public static float[] Run()
    {
        // example
        using var model = RnnModel.Load("model.rnn");
        using var session = model.CreateSession();
        var input = new float[model.Inputs[0].Shape.ElementCount];
        var output = new float[model.Outputs[0].Shape.ElementCount];
        for (var step = 0; step < 48_000; step++)
        {
            input[0] = MathF.Sin(0.01f * step);
            session.Run(input, output); // one step: the state is carried, nothing is allocated
        }

        // end of the example
        return output;
    }
}
