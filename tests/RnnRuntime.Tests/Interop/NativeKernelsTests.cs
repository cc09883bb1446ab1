using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using RnnRuntime.Interop;
using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Interop;

/// <summary>The library of C kernels: what is loaded, what is not and why, and that both languages mean the same by a struct.</summary>
public sealed class NativeKernelsTests
{
    /// <summary>The structs that cross the border, by their names in C.</summary>
    private static readonly Dictionary<string, Type> s_structs = new()
    {
        ["rnn_sparse_segment"] = typeof(SparseSegment),
        ["rnn_sparse_matrix"] = typeof(SparseMatrix),
        ["rnn_matrix"] = typeof(PackedMatrix),
        ["rnn_scratch"] = typeof(ProductScratch),
        ["rnn_cell_weights"] = typeof(CellWeights),
        ["rnn_cell_arguments"] = typeof(CellArguments),
        ["rnn_kernels"] = typeof(NativeTable),
        ["rnn_buffer"] = typeof(NativeBuffer),
        ["rnn_ring"] = typeof(NativeRing),
        ["rnn_recurrent"] = typeof(NativeRecurrent),
        ["rnn_linear"] = typeof(NativeLinear),
        ["rnn_element_operation"] = typeof(NativeElementOperation),
        ["rnn_element_input"] = typeof(NativeElementInput),
        ["rnn_elementwise"] = typeof(NativeElementwise),
        ["rnn_embedding"] = typeof(NativeEmbedding),
        ["rnn_rows"] = typeof(NativeRows),
        ["rnn_strided_copy"] = typeof(NativeStridedCopy),
        ["rnn_move"] = typeof(NativeMove),
        ["rnn_block_copy"] = typeof(NativeBlockCopy),
        ["rnn_gather"] = typeof(NativeGather),
        ["rnn_compare"] = typeof(NativeCompare),
        ["rnn_ring_step"] = typeof(NativeRingStep),
        ["rnn_axis"] = typeof(NativeAxis),
        ["rnn_convolution"] = typeof(NativeConvolution),
        ["rnn_depthwise"] = typeof(NativeDepthwise),
        ["rnn_matmul"] = typeof(NativeMatmul),
        ["rnn_sequence"] = typeof(NativeSequence),
        ["rnn_general_sequence"] = typeof(NativeGeneralSequence),
        ["rnn_operation"] = typeof(NativeOperation),
        ["rnn_port"] = typeof(NativePort),
        ["rnn_general_activation"] = typeof(GeneralActivation),
        ["rnn_program"] = typeof(NativeProgramHeader),
        ["rnn_host_call"] = typeof(NativeHostCall),
        ["rnn_io"] = typeof(NativeIo),
        ["rnn_state"] = typeof(NativeState),
        ["rnn_image"] = typeof(NativeImageHeader),
        ["rnn_blueprint"] = typeof(NativeBlueprint),
        ["rnn_tensor"] = typeof(NativeTensor),
        ["rnn_model_description"] = typeof(NativeModelDescription),
        ["rnn_kernel_info"] = typeof(NativeKernelInfo),
        ["rnn_model_options"] = typeof(NativeModelOptions),
    };

    [Fact]
    public void StructsHaveTheLayoutOfC()
    {
        RequireLibrary();
        Assert.Equal(FieldsOfC().Select(field => field.Struct).Distinct().Order(), s_structs.Keys.Order());
        Assert.All(s_structs, pair => Assert.Equal(
            FieldsOfC().Where(field => field.Struct == pair.Key).Select(field => $"{field.Name} at {field.Offset}, {field.Size} bytes"),
            FieldsOf(pair.Value)));
    }

    /// <summary>In the same order, best first, and with the same words; processors other than x86-64 have fewer tables.</summary>
    [Fact]
    public unsafe void TheVariantsInCAreTheTablesOfTheLibrary()
    {
        RequireLibrary();
        var tables = new List<string>();
        for (var i = 0; i < NativeKernels.Default.Count; i++)
        {
            var table = NativeKernels.Default.At(i);
            tables.Add($"{TextOf(table->Name)}: {TextOf(table->Description)}; {TextOf(table->Requirement)}");
        }

        Assert.Equal(
            tables,
            KernelRegistry.All.OfType<NativeVariant>().Where(variant => variant.Table != null || RuntimeInformation.ProcessArchitecture == Architecture.X64)
                .Select(variant => $"{variant.Name}: {variant.Description}; {variant.Requirement}"));
        Assert.Contains(KernelRegistry.All.OfType<NativeVariant>(), variant => variant.IsSupported);
    }

    [Fact]
    public void AMissingLibraryIsNamedWithThePlacesThatWereSearched()
    {
        using var directory = new TemporaryDirectory();
        var library = NativeKernels.Load([directory[NativeKernels.FileName]], NativeKernels.AbiVersion);
        Assert.Equal($"the library {NativeKernels.FileName} is not there (looked in {Path.GetDirectoryName(directory["file"])})", library.Obstacle);
    }

    [Fact]
    public void AFileThatIsNoLibraryIsNotUsed()
    {
        using var directory = new TemporaryDirectory();
        var path = directory[NativeKernels.FileName];
        File.WriteAllText(path, "text");
        var library = NativeKernels.Load([path], NativeKernels.AbiVersion);
        Assert.StartsWith($"the library '{path}' cannot be loaded: ", library.Obstacle, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void ALibraryWithoutAVersionIsNotUsed()
    {
        var path = Directory.EnumerateFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*System.Native.*")
            .FirstOrDefault(file => Path.GetExtension(file) is ".so" or ".dylib" or ".dll");
        Assert.SkipWhen(path is null, "The framework has no native library of its own here that could stand for another one.");
        var library = NativeKernels.Load([path], NativeKernels.AbiVersion);
        Assert.Equal($"the library '{path}' has no function rnn_kernels_abi_version", library.Obstacle);
        Assert.True(library.Find("c-scalar") == null);
    }

    [Fact]
    public void ALibraryOfAnotherVersionIsNotUsed()
    {
        RequireLibrary();
        var path = NativeKernels.Default.Path!;
        var library = NativeKernels.Load([path], NativeKernels.AbiVersion + 1);
        Assert.Equal(
            $"the library '{path}' has version {NativeKernels.AbiVersion} of the interface; expected {NativeKernels.AbiVersion + 1}", library.Obstacle);
    }

    [Fact]
    public unsafe void ALibraryThatLacksFunctionsIsNotUsed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is known to have a compiler named cc.");
        using var directory = new TemporaryDirectory();
        var source = directory["part.c"];
        var path = directory[NativeKernels.FileName];
        File.WriteAllText(source, $"unsigned rnn_kernels_abi_version(void) {{ return {NativeKernels.AbiVersion}; }}\nint rnn_kernels_count(void) {{ return 1; }}\n");
        try
        {
            using var compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", path, source]);
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }
        catch (Win32Exception exception)
        {
            Assert.Skip($"There is no C compiler: {exception.Message}");
        }

        var library = NativeKernels.Load([path], NativeKernels.AbiVersion);
        Assert.Equal($"the library '{path}' has no function rnn_kernels_at, rnn_kernels_layout, rnn_run", library.Obstacle);
        Assert.Null(library.Path);
        Assert.True(library.Find("c-scalar") == null);
    }

    [Fact]
    public unsafe void LinkedKernelsAreThoseOfTheirFunctions()
    {
        RequireLibrary();
        var functions = FunctionsOf(NativeKernels.Default.Path!);
        var linked = NativeKernels.Linked("program", functions, NativeKernels.AbiVersion);
        Assert.Null(linked.Obstacle);
        Assert.Equal("program", linked.Path);
        Assert.Equal(NativeKernels.Default.Count, linked.Count);
        Assert.True(linked.Find("c-scalar") == NativeKernels.Default.Find("c-scalar"));
        Assert.True((nint)linked.Run == (nint)NativeKernels.Default.Run);
        Assert.Equal(NativeKernels.Default.Layouts().Length, linked.Layouts().Length);
    }

    [Fact]
    public unsafe void LinkedKernelsOfAnotherVersionAreNotUsed()
    {
        RequireLibrary();
        var linked = NativeKernels.Linked("program", FunctionsOf(NativeKernels.Default.Path!), NativeKernels.AbiVersion + 1);
        Assert.Equal($"the library 'program' has version {NativeKernels.AbiVersion} of the interface; expected {NativeKernels.AbiVersion + 1}", linked.Obstacle);
        Assert.True(linked.Find("c-scalar") == null);
    }

    [Fact]
    public void LinkedKernelsThatComeTooLateAreAnError()
    {
        RequireLibrary();
        var used = NativeKernels.Default;
        var functions = FunctionsOf(used.Path!);
        var exception = Assert.Throws<InvalidOperationException>(() => NativeKernels.UseLinked("program", functions));
        Assert.Equal($"The C kernels of program come too late: those of '{used.Path}' are in use.", exception.Message);
        Assert.Same(used, NativeKernels.Default);
    }

    private static unsafe LinkedKernels FunctionsOf(string path)
    {
        var library = NativeLibrary.Load(path);
        return new LinkedKernels
        {
            AbiVersion = (delegate* unmanaged<uint>)NativeLibrary.GetExport(library, "rnn_kernels_abi_version"),
            Count = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "rnn_kernels_count"),
            TableAt = (delegate* unmanaged<int, NativeTable*>)NativeLibrary.GetExport(library, "rnn_kernels_at"),
            Layouts = (delegate* unmanaged<int*, NativeLayout*>)NativeLibrary.GetExport(library, "rnn_kernels_layout"),
            Run = (delegate* unmanaged<void*, void*, void*, int, void>)NativeLibrary.GetExport(library, "rnn_run"),
        };
    }

    private static unsafe string TextOf(byte* text) => Marshal.PtrToStringUTF8((nint)text)!;

    private static void RequireLibrary() => Assert.SkipWhen(NativeKernels.Default.Obstacle is not null, $"{NativeKernels.Default.Obstacle}.");

    private static unsafe List<(string Struct, string Name, int Offset, int Size)> FieldsOfC()
    {
        var fields = new List<(string, string, int, int)>();
        foreach (var layout in NativeKernels.Default.Layouts())
        {
            fields.Add((TextOf(layout.Struct), TextOf(layout.Field), layout.Offset, layout.Size));
        }

        return fields;
    }

    /// <summary>In order of declaration, named as in C.</summary>
    private static IEnumerable<string> FieldsOf(Type type) =>
        from field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken)
        let name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name
        select $"{SnakeCase(name)} at {Marshal.OffsetOf(type, field.Name)}, {SizeOf(field.FieldType)} bytes";

    private static int SizeOf(Type type) =>
        type.IsPointer || type.IsFunctionPointer ? IntPtr.Size : Marshal.SizeOf(type.IsEnum ? Enum.GetUnderlyingType(type) : type);

    private static string SnakeCase(string name)
    {
        var result = new StringBuilder();
        foreach (var letter in name)
        {
            result.Append(char.IsUpper(letter) && result.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(letter));
        }

        return result.ToString();
    }
}
