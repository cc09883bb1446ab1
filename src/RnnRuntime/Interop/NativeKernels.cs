using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace RnnRuntime.Interop;

/// <summary>
/// The optional library of C kernels: its tables, or the reason why it is not used. It is looked for by its full path only, so that no other library
/// of that name is found; once loaded it stays.
/// </summary>
internal sealed unsafe class NativeKernels
{
    /// <summary>RNN_KERNELS_ABI of <c>native/include/rnn_kernels.h</c>.</summary>
    public const uint AbiVersion = 1;

    private readonly nint _library;

    private NativeKernels(string obstacle) => Obstacle = obstacle;

    private NativeKernels(string path, nint library)
    {
        Path = path;
        _library = library;
    }

    public static string FileName { get; } =
        OperatingSystem.IsWindows() ? "rnnkernels.dll" : OperatingSystem.IsMacOS() ? "librnnkernels.dylib" : "librnnkernels.so";

    public static NativeKernels Default { get; } = Load(Candidates(), AbiVersion);

    /// <summary>Why the library is not used, or null.</summary>
    public string? Obstacle { get; }

    /// <summary>Where it lies, or null.</summary>
    public string? Path { get; }

    /// <summary>The first file of these that exists, if it is such a library with this version of the ABI; no other is tried.</summary>
    public static NativeKernels Load(IEnumerable<string> candidates, uint abiVersion)
    {
        string[] paths = [.. candidates];
        var path = paths.FirstOrDefault(File.Exists);
        if (path is null)
        {
            return new NativeKernels($"the library {FileName} is not there (looked in {string.Join(", ", paths.Select(System.IO.Path.GetDirectoryName))})");
        }

        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return new NativeKernels($"the library '{path}' cannot be loaded: {exception.Message.ReplaceLineEndings(" ")}");
        }

        // Nothing else of the library is touched before its version is known.
        if (!NativeLibrary.TryGetExport(library, "rnn_kernels_abi_version", out var versionOf))
        {
            return new NativeKernels($"the library '{path}' has no function rnn_kernels_abi_version");
        }

        var found = ((delegate* unmanaged<uint>)versionOf)();
        return found == abiVersion
            ? new NativeKernels(path, library)
            : new NativeKernels($"the library '{path}' has version {found} of the interface; expected {abiVersion}");
    }

    /// <summary>The table of this name, or null.</summary>
    public NativeTable* Find(string name)
    {
        if (Obstacle is not null)
        {
            return null;
        }

        var count = ((delegate* unmanaged<int>)Export("rnn_kernels_count"))();
        var tableAt = (delegate* unmanaged<int, NativeTable*>)Export("rnn_kernels_at");
        for (var i = 0; i < count; i++)
        {
            var table = tableAt(i);
            if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(table->Name).SequenceEqual(Encoding.UTF8.GetBytes(name)))
            {
                return table;
            }
        }

        return null;
    }

    /// <summary>What the C compiler made of the structs that both languages share.</summary>
    public ReadOnlySpan<NativeLayout> Layouts()
    {
        int count;
        var layouts = ((delegate* unmanaged<int*, NativeLayout*>)Export("rnn_kernels_layout"))(&count);
        return new ReadOnlySpan<NativeLayout>(layouts, count);
    }

    public nint Export(string name) => NativeLibrary.GetExport(_library, name);

    /// <summary>Beside the assembly and the program, there in the folder that a package has it in, and where the host found a package's.</summary>
    private static IEnumerable<string> Candidates()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var identifier = $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        var hosted = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return new[] { AssemblyFolder(), AppContext.BaseDirectory }
            .Where(folder => !string.IsNullOrEmpty(folder))
            .SelectMany(folder => new[] { folder!, System.IO.Path.Combine(folder!, "runtimes", identifier, "native") })
            .Concat(hosted.Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => System.IO.Path.Combine(System.IO.Path.GetFullPath(folder), FileName))
            .Distinct();
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Empty where the assembly is part of the program; then the program's folder serves.")]
    private static string? AssemblyFolder() => System.IO.Path.GetDirectoryName(typeof(NativeKernels).Assembly.Location);
}
