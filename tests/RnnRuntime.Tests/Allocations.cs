namespace RnnRuntime.Tests;

/// <summary>Measures what code allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// Bytes that the action allocates on this thread. A collection that another test causes in between retires this thread's allocation
    /// buffer, and the runtime then counts its unused rest; such a round is repeated. An allocation of the action itself is there in every round.
    /// </summary>
    public static long Of(Action action)
    {
        const int Rounds = 100;
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least != 0; round++)
        {
            var collections = GC.CollectionCount(0);
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (GC.CollectionCount(0) == collections)
            {
                return allocated;
            }

            least = Math.Min(least, allocated);
        }

        return least;
    }
}
