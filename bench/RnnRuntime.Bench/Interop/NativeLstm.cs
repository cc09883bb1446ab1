using System.Runtime.InteropServices;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Interop;

/// <summary>
/// One step of an LSTM as a host in C calls it: a function of the C library's table, its packed weights and its arguments, all outside managed memory. The library
/// is the one that the registry has loaded.
/// </summary>
internal sealed unsafe class NativeLstm : IDisposable
{
    private const string Library = "librnnkernels.so";
    private const uint AbiVersion = 1;

    /// <summary>Where struct rnn_kernels of native/include/rnn_kernels.h has its function lstm: after three strings, two int32 and two functions.</summary>
    private const int LstmOffset = (3 * 8) + 8 + (2 * 8);

    private readonly Packer _packer = new(SparseChoice.Never);
    private readonly AlignedBlock _work;
    private readonly CellWeights* _weights;
    private readonly CellArguments* _arguments;

    /// <param name="problem">One LSTM step of one stream.</param>
    /// <param name="weights">Type of the weights.</param>
    /// <param name="kernel">A kernel of the C library.</param>
    internal NativeLstm(CellProblem problem, WeightType weights, string kernel)
    {
        Step = (delegate* unmanaged<void*, void*, void>)Marshal.ReadIntPtr(Table(kernel) + LstmOffset);
        CellShape shape = problem.Shape;
        LstmNode node = CellGraph.Build(problem, weights.Precision()).Nodes.OfType<LstmNode>().Single();
        int[] lanes = Packer.GateLanes(shape.Hidden, 0, 1, 2, 3);
        int stride = BufferInfo.PaddedStride(Math.Max(lanes.Length, shape.Input) + (Panels.MaximumWidth * Panels.MaximumTileVectors));
        _work = new AlignedBlock((8 * stride * sizeof(float)) + sizeof(CellWeights) + sizeof(CellArguments));
        float* at = (float*)_work.Pointer;
        problem.Frames.CopyTo(new Span<float>(at, shape.Input));
        _weights = (CellWeights*)(at + (8 * stride));
        _arguments = (CellArguments*)(_weights + 1);
        *_weights = new CellWeights(
            (shape.Hidden + 7) / 8, _packer.Matrix(node.InputWeights, lanes), _packer.Matrix(node.RecurrentWeights, lanes), default,
            _packer.Vector(node.Bias, lanes), null);
        *_arguments = new CellArguments
        {
            X = at,
            XStride = stride,
            Gates = at + stride,
            GatesStride = stride,
            Hidden = at + (2 * stride),
            Cell = at + (3 * stride),
            StateStride = stride,
            Y = at + (4 * stride),
            YStride = stride,
            TimeSteps = 1,
            Streams = 1,
            Scratch = new ProductScratch((sbyte*)(at + (5 * stride)), at + (6 * stride), (int*)(at + (7 * stride)), stride * sizeof(float)),
        };
    }

    internal delegate* unmanaged<void*, void*, void> Step { get; }

    internal void* Weights => _weights;

    internal void* Arguments => _arguments;

    internal ReadOnlySpan<float> Output(int units) => new(_arguments->Y, units);

    public void Dispose()
    {
        _work.Dispose();
        _packer.Dispose();
    }

    private static nint Table(string kernel)
    {
        string inPackage = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", Library);
        if (!NativeLibrary.TryLoad(inPackage, out nint library) && !NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, Library), out library))
        {
            library = NativeLibrary.Load(Library);
        }

        uint version = ((delegate* unmanaged<uint>)NativeLibrary.GetExport(library, "rnn_kernels_abi_version"))();
        if (version != AbiVersion)
        {
            throw new InvalidOperationException($"{Library} has version {version} of its interface; {AbiVersion} is expected.");
        }

        int count = ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "rnn_kernels_count"))();
        for (int i = 0; i < count; i++)
        {
            nint table = ((delegate* unmanaged<int, nint>)NativeLibrary.GetExport(library, "rnn_kernels_at"))(i);
            if (Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(table)) == kernel)
            {
                return table;
            }
        }

        throw new InvalidOperationException($"{Library} has no table '{kernel}'.");
    }
}
