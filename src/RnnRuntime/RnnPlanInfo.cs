using System.Collections.Immutable;

namespace RnnRuntime;

/// <summary>One step of a plan. Immutable; safe to share.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Operation">What it does.</param>
/// <param name="Kernel">
/// Variant and precision; empty for a copy. Where weights are stored without their zeros, then "sparse" and the density of those matrices.
/// </param>
/// <param name="WeightBytes">Bytes of packed weights that one step of one stream reads.</param>
/// <param name="MultiplyAdds">Multiply-adds of one step of one stream, padding and zeros included.</param>
/// <param name="LargestPair">
/// Int8 only, otherwise 0: the largest magnitude that two adjacent products of these weights can have together in the kernels, whatever the inputs
/// are. It is found when the model is loaded and is at most 32,767, so that 16 bits hold it and no kernel can saturate.
/// </param>
/// <param name="Density">The share of the weights' blocks of 8 rows and 4 columns that are not all zeros; 1 without weights.</param>
public sealed record PlanStepInfo(
    string Name, string Operation, string Kernel, long WeightBytes, long MultiplyAdds, int LargestPair, double Density)
{
    /// <summary>Threads that share the step (<see cref="RnnOptions.Threads"/>), where they are free; 1 where it is too small, or cannot be divided.</summary>
    public int Threads { get; init; } = 1;
}

/// <summary>One buffer of a session's arena. Immutable; safe to share.</summary>
/// <param name="Name">What it holds.</param>
/// <param name="Kind">State, counter, frames or scratch.</param>
/// <param name="Offset">Byte offset in the arena.</param>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="FirstStep">Index of the first plan step that uses it; -1 is before the first.</param>
/// <param name="LastStep">Index of the last plan step that uses it.</param>
public sealed record PlanBufferInfo(string Name, string Kind, long Offset, long Bytes, int FirstStep, int LastStep);

/// <summary>A model's plan on this machine, for a number of streams and a chunk length. Immutable; safe to share.</summary>
/// <param name="Kernel">The kernel variant.</param>
/// <param name="WeightBytes">Bytes of packed weights, shared by all sessions.</param>
/// <param name="ArenaBytes">Bytes of one session's memory.</param>
/// <param name="PersistentBytes">Of these, state.</param>
/// <param name="Streams">Number of streams.</param>
/// <param name="ChunkLength">Time steps of a chunk.</param>
/// <param name="ManagedReason">Why steps are run by managed code; null where a call runs natively (<see cref="RnnSession.RunsNatively"/>).</param>
/// <param name="Steps">In order.</param>
/// <param name="Buffers">By offset.</param>
public sealed record RnnPlanInfo(
    string Kernel, long WeightBytes, long ArenaBytes, long PersistentBytes, int Streams, int ChunkLength, string? ManagedReason,
    ImmutableArray<PlanStepInfo> Steps, ImmutableArray<PlanBufferInfo> Buffers);
