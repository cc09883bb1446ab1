using System.Runtime.InteropServices;

namespace RnnRuntime.Bench.Peers.OneDnn;

/// <summary>What the peer needs of the C API of oneDNN 2 (Debian's package <c>libdnnl2</c>), on one thread.</summary>
internal static unsafe class OneDnnApi
{
    internal const int Float32 = 3;
    internal const int Int8 = 5;
    internal const int UInt8 = 6;

    internal const int AnyFormat = 1;
    internal const int Tnc = 4;
    internal const int Ldnc = 5;
    internal const int Ldgo = 5;
    internal const int Ldigo = 7;

    internal const int ForwardInference = 96;
    internal const int LeftToRight = 0;
    internal const int Cpu = 1;
    internal const int InOrder = 1;
    internal const int ExecutionArgument = 255;

    /// <summary>Bytes for any descriptor; the largest that is used here has 15,344 in version 2.6.</summary>
    internal const int DescriptorBytes = 32 * 1024;

    private const string Library = "libdnnl.so.2";
    private const string OpenMp = "libgomp.so.1";
    private const int Version = 2;

    private static readonly Lazy<string?> Absence = new(Load);

    /// <summary>Why it cannot be measured here, or null.</summary>
    internal static string? MissingReason => Absence.Value;

    internal static string VersionText
    {
        get
        {
            int* version = dnnl_version();
            return $"{version[0]}.{version[1]}.{version[2]}";
        }
    }

    internal static void Check(int status, string call)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"oneDNN's {call} gives status {status}; 0 is expected.");
        }
    }

    // The variable is read when the OpenMP library is loaded, and .NET's own environment is not the process's.
    private static string? Load()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "oneDNN is measured on Linux only";
        }

        _ = setenv("OMP_NUM_THREADS", "1", 1);
        if (!NativeLibrary.TryLoad(Library, out _) || !NativeLibrary.TryLoad(OpenMp, out _))
        {
            return $"no {Library} here (Debian: apt-get install libdnnl2)";
        }

        omp_set_num_threads(1);
        return dnnl_version()[0] == Version ? null : $"{Library} says that it is version {VersionText}; {Version} is expected";
    }

#pragma warning disable IDE1006 // names of the C API
    [DllImport("libc")]
    private static extern int setenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    [DllImport(OpenMp)]
    private static extern void omp_set_num_threads(int count);

    [DllImport(Library)]
    private static extern int* dnnl_version();

    [DllImport(Library)]
    internal static extern int dnnl_engine_create(nint* engine, int kind, nuint index);

    [DllImport(Library)]
    internal static extern int dnnl_engine_destroy(nint engine);

    [DllImport(Library)]
    internal static extern int dnnl_stream_create(nint* stream, nint engine, uint flags);

    [DllImport(Library)]
    internal static extern int dnnl_stream_wait(nint stream);

    [DllImport(Library)]
    internal static extern int dnnl_stream_destroy(nint stream);

    [DllImport(Library)]
    internal static extern int dnnl_memory_desc_init_by_tag(byte* descriptor, int dimensions, long* extents, int type, int tag);

    [DllImport(Library)]
    internal static extern nuint dnnl_memory_desc_get_size(byte* descriptor);

    [DllImport(Library)]
    internal static extern int dnnl_lstm_forward_desc_init(
        byte* descriptor, int kind, int direction, byte* source, byte* sourceState, byte* sourceCell, byte* weights, byte* recurrentWeights, byte* bias,
        byte* output, byte* outputState, byte* outputCell, uint flags);

    [DllImport(Library)]
    internal static extern int dnnl_lbr_gru_forward_desc_init(
        byte* descriptor, int kind, int direction, byte* source, byte* sourceState, byte* weights, byte* recurrentWeights, byte* bias,
        byte* output, byte* outputState, uint flags);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_attr_create(nint* attributes);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_attr_destroy(nint attributes);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_attr_set_rnn_data_qparams(nint attributes, float scale, float shift);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_attr_set_rnn_weights_qparams(nint attributes, long count, int mask, float* scales);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_desc_create(nint* primitive, byte* descriptor, nint attributes, nint engine, nint hint);

    [DllImport(Library)]
    internal static extern int dnnl_reorder_primitive_desc_create(nint* primitive, byte* source, nint sourceEngine, byte* target, nint targetEngine, nint attributes);

    [DllImport(Library)]
    internal static extern byte* dnnl_primitive_desc_query_md(nint primitive, int what, int index);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_desc_destroy(nint primitive);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_create(nint* primitive, nint descriptor);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_execute(nint primitive, nint stream, int count, Argument* arguments);

    [DllImport(Library)]
    internal static extern int dnnl_primitive_destroy(nint primitive);

    [DllImport(Library)]
    internal static extern int dnnl_memory_create(nint* memory, byte* descriptor, nint engine, void* data);

    [DllImport(Library)]
    internal static extern int dnnl_memory_destroy(nint memory);
#pragma warning restore IDE1006

    /// <summary>dnnl_exec_arg_t.</summary>
    internal readonly struct Argument(int number, nint memory)
    {
        internal readonly int Number = number;
        internal readonly nint Memory = memory;
    }
}
