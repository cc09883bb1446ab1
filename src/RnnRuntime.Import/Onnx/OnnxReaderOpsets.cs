using System.Collections.Immutable;
using RnnRuntime.Import.Onnx.Proto;

namespace RnnRuntime.Import.Onnx;

/// <summary>The operator sets of a model.</summary>
internal static class OnnxReaderOpsets
{
    private const int Oldest = 7;
    private const int Newest = 22;

    /// <summary>
    /// Where the definition began that an operator has in opset 7. Below opset 7 a model may use these from there on, for they mean the same;
    /// others differ in silence (PRelu and Add broadcast otherwise, BatchNormalization trains). Source: the ONNX operator changelog.
    /// </summary>
    private static int Since(string op) => op switch
    {
        "Constant" or "Conv" or "ConvTranspose" or "Gather" or "GlobalAveragePool" or "GlobalMaxPool" or "Identity" or "If" or "LogSoftmax"
            or "MatMul" or "Not" or "ReduceMax" or "ReduceMean" or "ReduceSum" or "Shape" or "Size" or "Slice" or "Softmax" or "Softplus"
            or "Softsign" or "Squeeze" or "Transpose" or "Unsqueeze" => 1,
        "Pad" or "Split" => 2,
        "Concat" => 4,
        "Reshape" => 5,
        "Abs" or "Cast" or "Ceil" or "Clip" or "Elu" or "Exp" or "Floor" or "HardSigmoid" or "InstanceNormalization" or "LeakyRelu" or "Log"
            or "Neg" or "Reciprocal" or "Relu" or "Selu" or "Sigmoid" or "Sqrt" or "Tanh" => 6,
        _ => Oldest,
    };

    /// <summary>The name that is used for a domain: the default one is empty.</summary>
    public static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;

    public static (int Opset, ImmutableDictionary<string, long> Others) Read(ModelProto model)
    {
        int? opset = null;
        var others = ImmutableDictionary.CreateBuilder<string, long>();
        foreach (var import in model.OpsetImport)
        {
            var domain = Domain(import.Domain);
            if (domain.Length > 0 ? !others.TryAdd(domain, import.Version) : opset is not null)
            {
                throw new RnnImportException("ONNX file, opset_import", $"the domain '{OnnxReader.Show(domain)}' twice", "each domain once");
            }

            if (domain.Length == 0)
            {
                opset = import.Version is >= 1 and <= Newest ? (int)import.Version : throw Unknown(import.Version);
            }
        }

        return opset is { } version
            ? (version, others.ToImmutable())
            : throw new RnnImportException("ONNX file, opset_import", "no version of the default operator set", $"a version from {Oldest} to {Newest}");
    }

    /// <summary>Refuses a graph of an opset below 7 that has operators which mean something else there.</summary>
    public static void Check(OnnxGraph graph, int opset)
    {
        if (opset >= Oldest)
        {
            return;
        }

        foreach (var node in graph.Nodes)
        {
            if (node.Domain.Length == 0 && Since(node.Operator) > opset)
            {
                throw Unknown(opset, $" with the operator {OnnxReader.Show(node.Operator)}");
            }

            foreach (var inner in node.Attributes.Values.OfType<OnnxGraph>())
            {
                Check(inner, opset);
            }
        }
    }

    private static RnnImportException Unknown(long opset, string why = "") => new(
        "ONNX file, opset_import", $"opset {opset}{why}",
        $"opset {Oldest} to {Newest}; export the model with one of these, or convert it with onnx.version_converter");
}
