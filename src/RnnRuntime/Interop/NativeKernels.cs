using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace RnnRuntime.Interop;

/// <summary>
/// The optional library of C kernels: its tables, or the reason why it is not used. It is looked for by its full path only, so that no other library
/// of that name is found; once loaded it stays. A binary that has the kernels linked in hands them over instead, and no library is looked for.
/// </summary>
internal sealed unsafe class NativeKernels
{
    /// <summary>RNN_KERNELS_ABI of <c>native/include/rnn_kernels.h</c>.</summary>
    public const uint AbiVersion = 2;

    private static NativeKernels? _default;

    private readonly delegate* unmanaged<int> _count;
    private readonly delegate* unmanaged<int, NativeTable*> _tableAt;
    private readonly delegate* unmanaged<int*, NativeLayout*> _layouts;

    private NativeKernels(string obstacle) => Obstacle = obstacle;

    /// <summary>A library of the right version: all that is called of it later is looked up here.</summary>
    private NativeKernels(string path, nint library)
    {
        var missing = new List<string>();
        _count = (delegate* unmanaged<int>)Find("rnn_kernels_count");
        _tableAt = (delegate* unmanaged<int, NativeTable*>)Find("rnn_kernels_at");
        _layouts = (delegate* unmanaged<int*, NativeLayout*>)Find("rnn_kernels_layout");
        Run = (delegate* unmanaged<void*, void*, void*, int, void>)Find("rnn_run");
        Path = missing.Count == 0 ? path : null;
        Obstacle = missing.Count == 0 ? null : $"the library '{path}' has no function {string.Join(", ", missing)}";

        nint Find(string name)
        {
            if (!NativeLibrary.TryGetExport(library, name, out var address))
            {
                missing.Add(name);
            }

            return address;
        }
    }

    private NativeKernels(string name, in LinkedKernels kernels)
    {
        _count = kernels.Count;
        _tableAt = kernels.TableAt;
        _layouts = kernels.Layouts;
        Run = kernels.Run;
        Path = name;
    }

    public static string FileName { get; } =
        OperatingSystem.IsWindows() ? "rnnkernels.dll" : OperatingSystem.IsMacOS() ? "librnnkernels.dylib" : "librnnkernels.so";

    /// <summary>The linked kernels, or the library that was found when this was first asked for.</summary>
    public static NativeKernels Default => _default ?? SetDefault(Load(Candidates(), AbiVersion));

    /// <summary>Why the library is not used, or null.</summary>
    public string? Obstacle { get; }

    /// <summary>Where it lies, of linked kernels the name of the binary, or null.</summary>
    public string? Path { get; }

    /// <summary>rnn_run: a program, its input, its output, time steps; null where there is an obstacle.</summary>
    public delegate* unmanaged<void*, void*, void*, int, void> Run { get; }

    /// <summary>How many tables it has.</summary>
    public int Count => Obstacle is null ? _count() : 0;

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
        return found == abiVersion ? new NativeKernels(path, library) : OtherVersion(path, found, abiVersion);
    }

    /// <summary>Makes the kernels that are linked into the binary of this name the default ones; before anything asks for those.</summary>
    /// <exception cref="InvalidOperationException">The default ones are in use already.</exception>
    public static void UseLinked(string name, in LinkedKernels kernels)
    {
        var linked = Linked(name, kernels, AbiVersion);
        if (SetDefault(linked) != linked && Default.Path != name)
        {
            throw new InvalidOperationException($"The C kernels of {name} come too late: those of '{Default.Path ?? FileName}' are in use.");
        }
    }

    public static NativeKernels Linked(string name, in LinkedKernels kernels, uint abiVersion)
    {
        var found = kernels.AbiVersion();
        return found == abiVersion ? new NativeKernels(name, kernels) : OtherVersion(name, found, abiVersion);
    }

    /// <summary>The table of this name, or null.</summary>
    public NativeTable* Find(string name)
    {
        if (Obstacle is not null)
        {
            return null;
        }

        for (var i = 0; i < Count; i++)
        {
            var table = At(i);
            if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(table->Name).SequenceEqual(Encoding.UTF8.GetBytes(name)))
            {
                return table;
            }
        }

        return null;
    }

    public NativeTable* At(int index) => _tableAt(index);

    /// <summary>What the C compiler made of the structs that both languages share.</summary>
    public ReadOnlySpan<NativeLayout> Layouts()
    {
        int count;
        var layouts = _layouts(&count);
        return new ReadOnlySpan<NativeLayout>(layouts, count);
    }

    private static NativeKernels OtherVersion(string path, uint found, uint expected) =>
        new($"the library '{path}' has version {found} of the interface; expected {expected}");

    /// <summary>Whoever comes first sets it; what it is after that.</summary>
    private static NativeKernels SetDefault(NativeKernels kernels) => Interlocked.CompareExchange(ref _default, kernels, null) ?? kernels;

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
