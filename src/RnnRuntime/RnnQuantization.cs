using System.Collections.Immutable;
using RnnRuntime.Formats;

namespace RnnRuntime;

/// <summary>What was decided for one node with weights.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator, as the file format writes it.</param>
/// <param name="Precision">The type of its weights from now on.</param>
/// <param name="Reason">Why it is not the precision that was asked for; empty where it is.</param>
public sealed record RnnQuantizationChoice(string Node, string Operator, TensorType Precision, string Reason);

/// <summary>How far an output is expected to be from that of the network before it was quantised.</summary>
/// <param name="Output">The output's name.</param>
/// <param name="LargestError">
/// Twice the largest difference of an element, in the output's unit, that was seen on the inputs that it was tried with (the calibration inputs, or random
/// ones): an estimate for inputs like those, no bound for all.
/// </param>
/// <param name="SnrDecibels">The signal-to-noise ratio that was seen, in dB; infinite where nothing differed.</param>
public sealed record RnnPredictedError(string Output, double LargestError, double SnrDecibels);

/// <summary>A quantised network, and what was decided for it. Immutable, and safe to share between threads.</summary>
public sealed class RnnQuantization
{
    private readonly GoldenVectors? _golden;

    internal RnnQuantization(
        RnnGraph graph, ImmutableArray<RnnQuantizationChoice> choices, ImmutableArray<RnnPredictedError> predictedErrors, GoldenVectors? golden)
    {
        Graph = graph;
        Choices = choices;
        PredictedErrors = predictedErrors;
        _golden = golden;
    }

    /// <summary>The network; its metadata <c>quantization</c> holds the choices and the predicted errors as JSON.</summary>
    public RnnGraph Graph { get; }

    /// <summary>What was decided, node by node in the graph's order.</summary>
    public ImmutableArray<RnnQuantizationChoice> Choices { get; }

    /// <summary>The error to expect of each float32 output, found on the calibration inputs or on random ones.</summary>
    public ImmutableArray<RnnPredictedError> PredictedErrors { get; }

    /// <summary>
    /// Binds the network to this machine. The golden input of the model that was quantised, where it had one, is kept, and its golden output made anew. The caller disposes the model.
    /// </summary>
    /// <exception cref="ArgumentException">The kernel is unknown or cannot run here.</exception>
    public RnnModel CreateModel(RnnOptions? options = null)
    {
        if (_golden is null)
        {
            return RnnModel.FromGraph(Graph, options);
        }

        // The golden output is still that of the network as it was.
        using var model = RnnModel.FromGraph(Graph, _golden, (options ?? new RnnOptions()) with { VerifyGolden = false });
        return RnnModel.FromGraph(Graph, GoldenCheck.Renew(model, _golden), options);
    }
}
