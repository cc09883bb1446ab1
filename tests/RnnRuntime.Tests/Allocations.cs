namespace RnnRuntime.Tests;

/// <summary>Measures what code allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// The least number of bytes that the action allocated on this thread in any of up to 50 rounds. A collection that another test causes
    /// retires this thread's allocation buffer, and the runtime then counts its unused rest: such a round shows bytes that nobody asked for. What
    /// the action itself allocates is there in every round.
    /// </summary>
    public static long Of(Action action)
    {
        const int Rounds = 50;
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least != 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
