using System.Runtime.InteropServices;

namespace RnnRuntime.Bench.Interop;

/// <summary>Functions of <c>Native/bench_native.c</c>; <see cref="MissingReason"/> says where it is not there.</summary>
internal static unsafe class BenchNative
{
    private const string Library = "librnnbench.so";

    private static readonly nint Handle = Load();

    internal static string? MissingReason => Handle == 0 ? $"no {Library} beside the program: it is built on Linux where `cc` is a C compiler" : null;

    /// <summary>What the roof is measured with.</summary>
    internal static RoofProbe.VnniLoop? VnniLoop => HasVnni ? Vnni : null;

    private static bool HasVnni => Handle != 0 && ((delegate* unmanaged<int>)Export("bench_vnni"))() != 0;

    /// <summary>Twelve chains of vpdpbusd on registers of <paramref name="bits"/> bits; weights: twice twelve registers, on a cache line.</summary>
    private static int Vnni(int bits, long turns, sbyte* weights) =>
        ((delegate* unmanaged<long, sbyte*, int>)Export(bits == 512 ? "bench_vnni512" : "bench_vnni256"))(turns, weights);

    /// <summary>A thread of the operating system makes the calls; it never enters managed code.</summary>
    internal static void Run(NativeLoop* loop)
    {
        int error = ((delegate* unmanaged<NativeLoop*, int>)Export("bench_native_loop"))(loop);
        if (error != 0)
        {
            throw new InvalidOperationException($"The native thread could not be made: error {error}.");
        }
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Handle, name);

    private static nint Load() => NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, Library), out nint handle) ? handle : 0;
}

/// <summary>struct loop of bench_native.c.</summary>
internal unsafe struct NativeLoop
{
    internal delegate* unmanaged<void*, void*, void*, int, void> Run;
    internal void* Program;
    internal void* Input;
    internal void* Output;
    internal long TimeSteps;
    internal long WarmUp;
    internal long Calls;
    internal long* Stamps;
    internal byte* Preempted;
    internal long Preemptions;
    internal long Processor;
}
