using System.Collections.Immutable;
using Google.Protobuf;
using RnnRuntime.Import.Onnx.Proto;

namespace RnnRuntime.Import.Onnx;

/// <summary>
/// Reads the bytes of an ONNX file. Everything that <see cref="OnnxModel"/> cannot hold is refused by name, but for what changes no result
/// (documentation, the types of intermediate values, metadata of nodes). Graphs are checked to be in order and to name each value once.
/// </summary>
internal static class OnnxReader
{
    private const long OldestIr = 3;

    /// <summary>Later versions than 10 add element types and fields that are refused where they occur.</summary>
    private const long NewestIr = 13;

    /// <summary>Reads a model.</summary>
    /// <param name="bytes">The file. The model keeps no reference to it.</param>
    /// <param name="folder">The folder in which external data may lie; null refuses external data.</param>
    /// <param name="limits">What the file may ask for.</param>
    /// <exception cref="RnnImportException">The file is no ONNX model, is beyond a limit, or holds what cannot be imported.</exception>
    public static OnnxModel Read(ReadOnlyMemory<byte> bytes, string? folder, RnnImportLimits limits)
    {
        if (bytes.Length > limits.MaximumFileBytes)
        {
            throw new RnnImportException("ONNX file", $"{bytes.Length} bytes", $"at most {limits.MaximumFileBytes} ({nameof(RnnImportLimits.MaximumFileBytes)})");
        }

        OnnxReaderScan.Check(bytes.Span, limits);
        var model = Parse(bytes.Span);
        if (model.IrVersion is < OldestIr or > NewestIr)
        {
            throw new RnnImportException("ONNX file", $"IR version {model.IrVersion}", $"{OldestIr} to {NewestIr}; export the model again with another version of ONNX");
        }

        Refuse(model.TrainingInfo.Count, "training_info", "a model exported for inference");
        Refuse(model.Functions.Count, "functions (operators with bodies of their own)", "a model whose functions are inlined (onnx.inliner.inline_local_functions)");
        var (opset, otherOpsets) = OnnxReaderOpsets.Read(model);
        if (model.Graph is null)
        {
            throw new RnnImportException("ONNX file", "no graph", "a model with a graph");
        }

        using var tensors = new OnnxTensorReader(folder, limits);
        var graph = new OnnxReaderGraph(tensors).Read(model.Graph, "");
        OnnxReaderOpsets.Check(graph, opset);
        return graph.Outputs.IsEmpty
            ? throw new RnnImportException("ONNX file, graph", "no outputs", "a graph with at least one output")
            : new OnnxModel(opset, otherOpsets, graph, Metadata(model));
    }

    /// <summary>A name from the file as errors show it: short, and on one line.</summary>
    internal static string Show(string name)
    {
        const int Longest = 100;
        var text = name.Length > Longest ? name[..Longest] + "..." : name;
        return text.Any(char.IsControl) ? string.Concat(text.Select(part => char.IsControl(part) ? '?' : part)) : text;
    }

    private static ModelProto Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new RnnImportException("ONNX file", $"bytes that are no ONNX model ({error.Message})", "an ONNX model", error);
        }
    }

    private static ImmutableDictionary<string, string> Metadata(ModelProto model)
    {
        var metadata = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var entry in model.MetadataProps)
        {
            if (!metadata.TryAdd(entry.Key, entry.Value))
            {
                throw new RnnImportException("ONNX file, metadata_props", $"the key '{Show(entry.Key)}' twice", "each key once");
            }
        }

        return metadata.ToImmutable();
    }

    private static void Refuse(int count, string field, string expected)
    {
        if (count > 0)
        {
            throw new RnnImportException("ONNX file", field, expected);
        }
    }
}
