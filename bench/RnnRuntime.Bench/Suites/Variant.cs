using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Peers.OneDnn;

namespace RnnRuntime.Bench.Suites;

/// <summary>The implementation parameter of a suite: ONNX Runtime, oneDNN where it is installed, or a kernel of the registry.</summary>
/// <param name="Name">What is shown: <c>onnxruntime</c>, <c>onednn</c> or the kernel's name.</param>
/// <param name="IsInt8">Int8 weights.</param>
/// <param name="IsPeer">Not this project's.</param>
public sealed record Variant(string Name, bool IsInt8, bool IsPeer)
{
    private const string Variable = "RNNBENCH_VARIANTS";
    private const string OnnxName = "onnxruntime";
    private const string OneDnnName = "onednn";

    /// <summary>Other runtimes first, then the kernels that can run here, best first, each in float32 and int8.</summary>
    internal static IEnumerable<Variant> Selected()
    {
        string[] all = [OnnxName, .. OneDnnApi.MissingReason is null ? [OneDnnName] : Array.Empty<string>(), .. RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name)];
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        string[] names = string.IsNullOrEmpty(wanted) ? all : wanted.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(name => !all.Contains(name)) is { } unknown)
        {
            throw new UsageException($"{Variable} has '{unknown}'; expected some of {string.Join(';', all)}.");
        }

        return from int8 in new[] { false, true }
               from name in names
               select new Variant(name, int8, name is OnnxName or OneDnnName);
    }

    internal IPeer Create(CellProblem problem) => Name switch
    {
        OnnxName => new OnnxRuntimePeer(problem, IsInt8 ? OnnxPrecision.Int8Bits7 : OnnxPrecision.Float32),
        OneDnnName => new OneDnnPeer(problem, IsInt8 ? WeightType.Int8 : WeightType.Float32),
        _ => new RnnRuntimePeer(problem, IsInt8 ? RnnPrecision.Int8 : null, Name),
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {(IsInt8 ? IsPeer ? "int8 q7" : "int8" : "f32")}";
}
