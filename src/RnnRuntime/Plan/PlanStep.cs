using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// One operation bound to buffers and a kernel variant. Immutable; <see cref="Execute"/> allocates nothing and checks nothing that the plan
/// has checked.
/// </summary>
internal abstract class PlanStep(string name, string operation)
{
    public string Name { get; } = name;

    public string Operation { get; } = operation;

    /// <summary>The kernel that does the work, or empty where it is a copy.</summary>
    public virtual string Kernel => "";

    /// <summary>Bytes of packed weights that a step of one stream reads.</summary>
    public virtual long WeightBytes => 0;

    /// <summary>Multiply-adds of a step of one stream.</summary>
    public virtual long MultiplyAdds => 0;

    /// <summary>Int8 only: the largest of <see cref="PackedMatrix.LargestPair"/> over its matrices; 0 for all others.</summary>
    public virtual int LargestPair => 0;

    /// <summary>Every buffer that it reads or writes.</summary>
    public abstract IEnumerable<BufferInfo> Buffers { get; }

    public abstract void Execute(StepContext context);

    protected static string KernelName(KernelVariant variant, in PackedMatrix matrix) => $"{variant.Name} {matrix.Format.ToString().ToLowerInvariant()}";
}
