using System.CommandLine;
using System.Reflection;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Running;
using RnnRuntime.Import;
using RnnRuntime.Memory;

namespace RnnRuntime.Cli.Sources;

/// <summary>A model that was loaded, and where it came from.</summary>
/// <param name="Model">The model.</param>
/// <param name="Name">The file as the user named it.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Kind">What the file is.</param>
/// <param name="Report">What came of an ONNX file; null for others.</param>
internal sealed record ModelSource(RnnModel Model, string Name, long Bytes, SourceKind Kind, ImportReport? Report) : IDisposable
{
    /// <summary>What help texts call a model's file.</summary>
    public const string Formats = ".rnn, ONNX, Keras HDF5, PyTorch, safetensors, RTNeural JSON or NAM";

    /// <summary>The language model inside this program.</summary>
    private const string Shipped = "charlm.rnn";

    public static Option<string?> KernelOption() => new("--kernel")
    {
        Description = "Kernel variant; 'rnn kernels' lists them. Without it: RNNRUNTIME_KERNEL, or the best one that runs here.",
        HelpName = "NAME",
    };

    /// <summary>Loads a file of any kind, or without a path the model that ships.</summary>
    /// <param name="path">The file.</param>
    /// <param name="import">What the file does not say.</param>
    /// <param name="kernel">The kernel variant; null for the best.</param>
    /// <param name="argument">What the path is to its user, for errors.</param>
    /// <param name="arrays">Arrays for the inputs, which bind what nothing else does.</param>
    public static ModelSource Load(
        string? path, RnnImportOptions import, string? kernel = null, string argument = "model ", IReadOnlyList<InputArray>? arrays = null)
    {
        var options = new RnnOptions { Kernel = kernel };
        if (path is null)
        {
            RefuseOptions(import, import.Vocabulary is null ? null : "--vocab", "the model that ships");
            var data = ReadShipped();
            return new ModelSource(RnnModel.Load(data, options), Shipped, data.Length, SourceKind.Rnn, null);
        }

        return Read(path, argument, kind =>
        {
            var bytes = new FileInfo(path).Length;
            if (kind == SourceKind.Rnn)
            {
                return new ModelSource(LoadRnn(path, bytes, import, options), path, bytes, kind, null);
            }

            var file = SourceFile.Open(path, import.Limits);
            import = kind == SourceKind.Onnx ? OnnxInputShapes.Bind(file, import, arrays ?? []) : import;
            var graph = RnnImporter.Import(file, import, out var report);
            return new ModelSource(RnnModel.FromGraph(graph, options), path, bytes, kind, report);
        }, () => import);
    }

    /// <summary>What a file is, by its content.</summary>
    public static SourceKind KindOf(string path, string argument = "model ") => Read(path, argument, kind => kind, () => new RnnImportOptions());

    public static bool IsOnnx(string path) => KindOf(path) == SourceKind.Onnx;

    /// <summary>The state that an output of the file became; the name itself for all others.</summary>
    public string StateOf(string name) => Model.Outputs.Any(output => output.Name == name)
        ? name
        : Report?.States.FirstOrDefault(state => state.Output == name)?.Input ?? name;

    /// <summary>A state's shape as the file has it.</summary>
    public TensorShape ShapeOf(TensorInfo state) => Report?.States.FirstOrDefault(pair => pair.Input == state.Name)?.Shape ?? state.Shape;

    /// <summary>Whether an array may be a state's value: of its shape in the file, or of the model's own, extents of 1 left aside.</summary>
    public bool IsValueOf(TensorInfo state, ReadOnlySpan<int> shape) =>
        shape.SequenceEqual(ShapeOf(state).Dimensions.AsSpan()) || WithoutOnes(shape).SequenceEqual(WithoutOnes(state.Shape.Dimensions.AsSpan()));

    public void Dispose() => Model.Dispose();

    private static int[] WithoutOnes(ReadOnlySpan<int> shape) => [.. shape.ToArray().Where(extent => extent != 1)];

    private static T Read<T>(string path, string argument, Func<SourceKind, T> read, Func<RnnImportOptions> import)
    {
        var file = new InputFile(argument, path);
        file.Check("a model file");
        SourceKind? kind = null;
        try
        {
            // Only the pages that tell the kind are read.
            using (IDisposable mapped = new MappedFile(path))
            {
                kind = SourceFile.Of(((MappedFile)mapped).Memory, null).Kind;
            }

            return read(kind.Value);
        }
        catch (RnnImportException refusal)
        {
            throw new CliException(file.Error(ImportErrors.Describe(refusal, kind == SourceKind.Onnx ? path : null, import())).Message, refusal);
        }
        catch (Exception exception) when (exception is RnnFormatException or IOException or UnauthorizedAccessException)
        {
            throw file.Error(exception.Message);
        }
    }

    private static RnnModel LoadRnn(string path, long bytes, RnnImportOptions import, RnnOptions options)
    {
        RefuseOptions(import, null, "a .rnn file");
        if (bytes > import.Limits.MaximumFileBytes)
        {
            throw new RnnImportException("file", $"{bytes} bytes", $"at most {import.Limits.MaximumFileBytes} bytes (limit {nameof(RnnImportLimits.MaximumFileBytes)})");
        }

        var model = RnnModel.Load(path, options);
        if (model.Graph.Nodes.Length > import.Limits.MaximumNodes)
        {
            throw new RnnImportException("graph", $"{model.Graph.Nodes.Length} nodes", $"at most {import.Limits.MaximumNodes} (limit {nameof(RnnImportLimits.MaximumNodes)})");
        }

        if (import.Vocabulary is null)
        {
            return model;
        }

        using (model)
        {
            var graph = RnnImporter.Import(path, import);
            return model.Golden is { } golden ? RnnModel.FromGraph(graph, golden, options) : RnnModel.FromGraph(graph, options);
        }
    }

    /// <summary>A model of this project's own says everything itself.</summary>
    private static void RefuseOptions(RnnImportOptions import, string? further, string what)
    {
        var given = import.Topology is not null ? "--topology"
            : !import.Fix.IsEmpty ? "--fix"
            : !import.Constants.IsEmpty ? "--constant"
            : !import.States.IsEmpty ? "--state"
            : !import.FindStates ? "--no-find-states"
            : further;
        if (given is not null)
        {
            throw new RnnImportException("options", given, $"none, as {what} says that itself");
        }
    }

    private static byte[] ReadShipped()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Shipped)
            ?? throw new CliException("this build of rnn holds no model; name a model file");
        var data = new byte[stream.Length];
        stream.ReadExactly(data);
        return data;
    }
}
