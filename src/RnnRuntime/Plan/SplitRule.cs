namespace RnnRuntime.Plan;

/// <summary>How many threads share a step at most, and from what size on.</summary>
/// <param name="Threads">Threads of a session; 1 divides nothing.</param>
/// <param name="SmallestPart">
/// Multiply-adds of float32 that a part should have at least: where it has fewer, the two hand-overs of a phase take more than a second processor gives back (`bench`, `threads`).
/// </param>
internal sealed record SplitRule(int Threads, long SmallestPart = SplitRule.MeasuredSmallestPart)
{
    public const long MeasuredSmallestPart = 16384;
}
