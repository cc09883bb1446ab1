using System.Collections.Immutable;
using System.Text;
using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Translation;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Import;

/// <summary>
/// Reads trained models of other tools: ONNX, Keras HDF5, PyTorch state dicts, safetensors, RTNeural JSON and NAM. Thread-safe. A
/// model is imported exactly or refused with <see cref="RnnImportException"/>. Files are told by their content, not by their names.
/// </summary>
public static class RnnImporter
{
    /// <summary>Reads a model file of any known kind, <c>.rnn</c> included.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What the file does not say.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="RnnImportException">The file is damaged or holds something that is not honoured exactly.</exception>
    /// <exception cref="RnnFormatException">A <c>.rnn</c> file is damaged.</exception>
    public static RnnGraph Import(string path, RnnImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new RnnImportOptions();
        return Import(SourceFile.Open(path, options.Limits), options);
    }

    /// <summary>Reads a model from memory, which must not change while the graph is in use. External data of ONNX is refused.</summary>
    /// <inheritdoc cref="Import(string, RnnImportOptions?)"/>
    public static RnnGraph Import(ReadOnlyMemory<byte> bytes, RnnImportOptions? options = null)
    {
        options ??= new RnnImportOptions();
        return Import(SourceFile.InMemory(bytes, options.Limits), options);
    }

    /// <summary>Reads a model file and binds it to this machine.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What the file does not say.</param>
    /// <param name="modelOptions">How it runs.</param>
    /// <inheritdoc cref="Import(string, RnnImportOptions?)"/>
    public static RnnModel Load(string path, RnnImportOptions? options = null, RnnOptions? modelOptions = null) =>
        RnnModel.FromGraph(Import(path, options), modelOptions);

    /// <summary>Everything in an ONNX file that would be refused with these options. Other kinds of files are read up to their first refusal.</summary>
    /// <returns>One message for each refusal, at most one for a file that is not ONNX; empty for a file that can be imported.</returns>
    /// <inheritdoc cref="Import(string, RnnImportOptions?)"/>
    public static ImmutableArray<string> FindRefusals(string path, RnnImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new RnnImportOptions();
        var source = SourceFile.Open(path, options.Limits);
        try
        {
            if (source.Kind == SourceKind.Onnx)
            {
                return [.. OnnxImporter.Refusals(OnnxReader.Read(source.Bytes, source.Folder, options.Limits), options).Select(refusal => refusal.Message)];
            }

            Import(source, options);
            return [];
        }
        catch (RnnImportException refusal)
        {
            return [refusal.Message];
        }
    }

    internal static RnnGraph Import(SourceFile source, RnnImportOptions options) => Import(source, options, out _);

    /// <param name="source">The file.</param>
    /// <param name="options">What it does not say.</param>
    /// <param name="report">What came of an ONNX file; null for others.</param>
    internal static RnnGraph Import(SourceFile source, RnnImportOptions options, out ImportReport? report)
    {
        report = null;
        if (source.Kind != SourceKind.Onnx)
        {
            RefuseForOnnxOnly(options);
        }

        var graph = source.Kind switch
        {
            SourceKind.Rnn => RnnFileReader.Read(source.Bytes).Graph,
            SourceKind.Onnx => OnnxImporter.Import(source.Bytes, source.Folder, options, out report),
            SourceKind.Json => GraphPasses.Run(LayerFiles.ReadJson(source.Bytes, options)),
            _ => GraphPasses.Run(LayerFiles.ReadWeights(WeightsFile.Read(source.Bytes, options.Limits), options)),
        };
        return options.Vocabulary is null ? graph : WithVocabulary(graph, options);
    }

    private static RnnGraph WithVocabulary(RnnGraph graph, RnnImportOptions options)
    {
        var text = Vocabulary.Read(Encoding.UTF8.GetBytes(options.Vocabulary!), options.Limits);
        if (graph.Outputs.FirstOrDefault(output => output.Shape.Rank > 0 && output.Shape[-1] == text.EnumerateRunes().Count()) is null)
        {
            Vocabulary.CheckCount(text, graph.Outputs[0].Shape.Rank == 0 ? 1 : graph.Outputs[0].Shape[-1], "vocabulary");
        }

        var result = new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables, graph.Nodes, graph.Metadata.SetItem(Vocabulary.MetadataKey, text));
        GraphValidator.Validate(result);
        return result;
    }

    /// <summary>Nothing is ignored: an option that a file has no use for is an error.</summary>
    private static void RefuseForOnnxOnly(RnnImportOptions options)
    {
        var given = new[]
        {
            (Name: "extents or values to fix", Given: !options.Fix.IsEmpty),
            (Name: "constants for inputs", Given: !options.Constants.IsEmpty),
            (Name: "shapes of inputs", Given: !options.InputShapes.IsEmpty),
            (Name: "pairs of states", Given: !options.States.IsEmpty),
            (Name: "a choice not to find states", Given: !options.FindStates),
        };
        if (given.FirstOrDefault(option => option.Given).Name is { } name)
        {
            throw new RnnImportException("options", name, "none, as the file is no ONNX model");
        }
    }
}
