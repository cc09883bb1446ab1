using RnnRuntime.Bench.Compare;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Suites;

/// <summary>The implementation parameter of a suite: ONNX Runtime, or a kernel of the registry.</summary>
/// <param name="Name">What is shown: <c>onnxruntime</c> or the kernel's name.</param>
/// <param name="IsInt8">Int8 weights.</param>
/// <param name="IsPeer">ONNX Runtime.</param>
public sealed record Variant(string Name, bool IsInt8, bool IsPeer)
{
    private const string Variable = "RNNBENCH_VARIANTS";
    private const string PeerName = "onnxruntime";

    /// <summary>ONNX Runtime first, then the kernels that can run here, best first, each in float32 and int8.</summary>
    internal static IEnumerable<Variant> Selected()
    {
        string[] all = [PeerName, .. RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name)];
        string? wanted = Environment.GetEnvironmentVariable(Variable);
        string[] names = string.IsNullOrEmpty(wanted) ? all : wanted.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(name => !all.Contains(name)) is { } unknown)
        {
            throw new UsageException($"{Variable} has '{unknown}'; expected some of {string.Join(';', all)}.");
        }

        return from int8 in new[] { false, true }
               from name in names
               select new Variant(name, int8, name == PeerName);
    }

    internal IPeer Create(CellProblem problem) => IsPeer
        ? new OnnxRuntimePeer(problem, IsInt8 ? OnnxPrecision.Int8Bits7 : OnnxPrecision.Float32)
        : new RnnRuntimePeer(problem, IsInt8 ? RnnPrecision.Int8 : null, Name);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {(IsInt8 ? IsPeer ? "int8 q7" : "int8" : "f32")}";
}
