using System.Globalization;
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

    /// <summary>The share of its weights' blocks of 8 rows and 4 columns that are not all zeros; 1 where it has none.</summary>
    public virtual double Density => 1;

    /// <summary>Multiply-adds of a step of one stream.</summary>
    public virtual long MultiplyAdds => 0;

    /// <summary>Int8 only: the largest of <see cref="PackedMatrix.LargestPair"/> over its matrices; 0 for all others.</summary>
    public virtual int LargestPair => 0;

    /// <summary>Whether the plan's threads may share it.</summary>
    public virtual bool IsSplit => false;

    /// <summary>Every buffer that it reads or writes.</summary>
    public abstract IEnumerable<BufferInfo> Buffers { get; }

    /// <summary>Threads that share it in a session of this many streams.</summary>
    public virtual int Threads(int streams) => 1;

    public abstract void Execute(StepContext context);

    /// <summary>
    /// Adds what <see cref="Execute"/> does to a program of the C library; false where it has no form there. It is written several times, for arenas that are not there
    /// (<see cref="NativeImageWriter"/>): nothing reads them, the result depends on the writer alone, and an address fills a field of its own and leads into the arena, the
    /// writer's memory or what lives as long as the plan.
    /// </summary>
    public virtual bool WriteNative(NativeProgramWriter program) => false;

    /// <summary>The variant, the precision, and the density of those matrices that are stored without their zeros.</summary>
    protected static string KernelName(KernelVariant variant, params ReadOnlySpan<PackedMatrix> matrices)
    {
        var name = $"{variant.Name} {matrices[0].Format.ToString().ToLowerInvariant()}";
        PackedMatrix[] sparse = [.. matrices.ToArray().Where(matrix => matrix.IsSparse)];
        return sparse.Length == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} sparse {DensityOf(sparse):0.00}");
    }

    protected static double DensityOf(params ReadOnlySpan<PackedMatrix> matrices)
    {
        var (set, all) = (0.0, 0.0);
        foreach (ref readonly var matrix in matrices)
        {
            var weights = (double)matrix.Lanes * matrix.Columns;
            set += weights * matrix.Density;
            all += weights;
        }

        return set / all;
    }
}
