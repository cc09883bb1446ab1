using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Silence;

/// <summary>
/// A cell whose state loses a hundredth a step once its input is silent, so that it passes every magnitude down to zero, the subnormal ones for thousands of
/// steps: a long tail of reverberation. And the frames that lead there.
/// </summary>
internal sealed class FadingProblem
{
    private const int Seed = 20244;
    private const int SoundFrames = 64;

    /// <summary>sigmoid(4.6) = 0.99.</summary>
    private const float KeepBias = 4.6f;
    private const float KeepFactor = 0.99f;

    /// <summary>Small enough that the products of the state do not feed it.</summary>
    private const float RecurrentScale = 0.02f;

    private const float FadeFactor = 0.9f;
    private const float Subnormal = 1e-40f;

    private readonly float[][] _sound;

    internal FadingProblem(CellShape shape)
    {
        Problem = new CellProblem(shape);
        int hidden = shape.Hidden;
        Array.Clear(Problem.Bias);
        Array.Clear(Problem.RecurrentBias);
        for (int i = 0; i < Problem.RecurrentWeights.Length; i++)
        {
            Problem.RecurrentWeights[i] *= shape.Cell == Cell.Rnn ? 0 : RecurrentScale;
        }

        for (int unit = 0; unit < hidden; unit++)
        {
            switch (shape.Cell)
            {
                case Cell.Lstm: Problem.Bias[hidden + unit] = KeepBias; break;
                case Cell.Gru: Problem.Bias[hidden + unit] = KeepBias; break;
                default: Problem.RecurrentWeights[(unit * hidden) + unit] = KeepFactor; break;
            }
        }

        var random = new Random(Seed);
        _sound = [.. Enumerable.Range(0, SoundFrames).Select(_ => Enumerable.Range(0, shape.Input).Select(_ => (random.NextSingle() * 2) - 1).ToArray())];
    }

    internal CellProblem Problem { get; }

    /// <summary>Puts the frame of a phase's step where peers read it.</summary>
    internal void Load(Phase phase, int step)
    {
        float[] sound = _sound[step % SoundFrames];
        float factor = phase == Phase.Fade ? MathF.Pow(FadeFactor, step) : 1;
        for (int i = 0; i < sound.Length; i++)
        {
            Problem.Frames[i] = phase switch
            {
                Phase.Sound or Phase.Fade => sound[i] * factor,
                Phase.SubnormalInput => MathF.CopySign(Subnormal, sound[i]),
                _ => 0,
            };
        }
    }
}

/// <summary>What is heard.</summary>
internal enum Phase
{
    Sound,

    /// <summary>Each frame is nine tenths of the one before, until the numbers are subnormal and then zero.</summary>
    Fade,

    /// <summary>Zeros, while the state decays.</summary>
    Silence,

    /// <summary>An input that is itself subnormal.</summary>
    SubnormalInput,
}
