namespace RnnRuntime.Plan;

/// <summary>How many threads share a step at most, and from what size on.</summary>
/// <param name="Threads">Threads of a session; 1 divides nothing.</param>
/// <param name="SmallestPart">
/// Multiply-adds of float32 that a part should have at least: where it has fewer, the hand-over of a phase takes more than a second processor gives back.
/// </param>
internal sealed record SplitRule(int Threads, long SmallestPart = SplitRule.MeasuredSmallestPart)
{
    /// <summary>
    /// Measured on two processors (AMD EPYC, Zen 4; `bench`, `threads --kinds lstm,gru,linear --hidden 64,96,128,192,256`): sharing costs a step some 500 ns with float32
    /// and 700 with int8, the time of 12,000 and 17,000 multiply-adds of float32. With parts of 16,384 a linear layer gains 1.27; with 9,000 it would gain nothing.
    /// </summary>
    public const long MeasuredSmallestPart = 16384;
}
