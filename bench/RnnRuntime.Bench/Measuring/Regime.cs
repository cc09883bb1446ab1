namespace RnnRuntime.Bench.Measuring;

/// <summary>How a layer is called: one frame of one stream, many frames in a call, many streams in a call.</summary>
internal sealed record Regime(string Key, string Title, int Streams, int TimeSteps)
{
    internal static readonly Regime Step = new("step", "One step a call, one stream", 1, 1);
    internal static readonly Regime Sequence = new("sequence", "100 steps in one call, one stream (ns a step)", 1, 100);
    internal static readonly Regime Streams16 = new("batch", "One step a call, 16 streams (ns a step of all 16)", 16, 1);
    internal static readonly Regime Streams64 = new("batch64", "One step a call, 64 streams (ns a step of all 64)", 64, 1);

    internal static readonly Regime[] All = [Step, Sequence, Streams16, Streams64];

    internal static Regime Of(string key) => All.FirstOrDefault(regime => regime.Key == key)
        ?? throw new UsageException($"Regime '{key}' is none of {string.Join(", ", All.Select(regime => regime.Key))}.");
}
