namespace RnnRuntime.Threading;

/// <summary>Work in phases, one after another, each of parts that any threads may do at the same time.</summary>
internal abstract class SplitWork
{
    /// <summary>Does one part of one phase; every part of the phases before is done. Never throws.</summary>
    public abstract void Run(int phase, int part);
}
