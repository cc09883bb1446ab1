using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using RnnRuntime.Comparison;
using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Quantization;

namespace RnnRuntime;

/// <summary>
/// Makes networks with weights of fewer bits out of float32 ones. Int8 weights are symmetric per output row in [-127, 127]; the vectors that they
/// multiply are quantised by the runtime, per step and stream, with the range that is known of them (the hidden state of an LSTM: [-1, 1]), that
/// was measured, or their own largest magnitude; biases, gates and states stay float32. 16-bit weights are widened exactly and multiplied in float32.
/// Thread-safe.
/// </summary>
public static class RnnQuantizer
{
    /// <summary>The metadata that holds what was decided.</summary>
    internal const string MetadataKey = "quantization";

    /// <summary>Runs of random inputs and their steps, for errors and costs where no inputs are given.</summary>
    private const int ProbeRuns = 4;
    private const int ProbeSteps = 64;

    /// <summary>Steps of given inputs, for the same.</summary>
    private const int MostCalibrationSteps = 4096;

    /// <summary>What was seen is multiplied by this to predict what will be: inputs that were not tried may do worse.</summary>
    private const double ErrorMargin = 2;

    /// <summary>Quantises the weights of every recurrent, linear, convolution and embedding node.</summary>
    /// <exception cref="ArgumentException">
    /// A name is not a node of the graph, an option is out of its range, weights to be pruned are not float32, there are more than 1,000,000 steps
    /// for a percentile, or the calibration inputs are for another network or make a value infinite.
    /// </exception>
    public static RnnQuantization Quantize(RnnGraph graph, RnnQuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Quantize(graph, null, options ?? new RnnQuantizationOptions());
    }

    /// <summary>The same for a model, whose golden input goes with it.</summary>
    /// <inheritdoc cref="Quantize(RnnGraph, RnnQuantizationOptions?)"/>
    public static RnnQuantization Quantize(RnnModel model, RnnQuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Quantize(model.Graph, model.Golden, options ?? new RnnQuantizationOptions());
    }

    private static RnnQuantization Quantize(RnnGraph graph, GoldenVectors? golden, RnnQuantizationOptions options)
    {
        Check(options);
        var keep = KeptNodes(graph, options);
        var source = options.Density is { } density
            ? new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, BlockPruner.Prune(graph.Nodes, density, keep), graph.Metadata)
            : graph;
        var measured = options.Calibration is { } calibration
            ? ActivationRanges.Measure(source, calibration, options.Percentile)
            : ImmutableDictionary<Value, ActivationRange>.Empty;
        var plan = new PrecisionPlan(source, keep, options.Precision, options.NeverSlower, measured);
        if (options.Precision == RnnPrecision.Mixed)
        {
            plan.Widen(source, [.. Probes(graph, options)], MostCalibrationSteps, options.MinimumDecibels);
        }

        var quantized = plan.ToGraph();
        var choices = plan.Choices;
        var errors = Predict(graph, quantized, options);
        return new RnnQuantization(WithMetadata(quantized, options, choices, errors), choices, errors, golden);
    }

    private static void Check(RnnQuantizationOptions options)
    {
        if (!Enum.IsDefined(options.Precision))
        {
            throw new ArgumentException($"Expected a precision; found {options.Precision}.", nameof(options));
        }

        if (options.Percentile is { } percentile && !(percentile is > 0 and <= 100))
        {
            throw new ArgumentException($"A percentile is above 0 and at most 100; found {percentile}.", nameof(options));
        }

        if (options.Percentile is not null && options.Calibration is null)
        {
            throw new ArgumentException("A percentile needs calibration inputs; there are none.", nameof(options));
        }

        if (options.Density is { } density && !(density is > 0 and < 1))
        {
            throw new ArgumentException($"A density is above 0 and below 1; found {density}.", nameof(options));
        }

        if (!double.IsFinite(options.MinimumDecibels))
        {
            throw new ArgumentException($"A signal-to-noise ratio is a finite number of dB; found {options.MinimumDecibels}.", nameof(options));
        }
    }

    private static HashSet<string> KeptNodes(RnnGraph graph, RnnQuantizationOptions options)
    {
        var keep = options.KeepFloat.ToHashSet(StringComparer.Ordinal);
        foreach (var name in keep)
        {
            if (graph.Nodes.All(node => node.Name != name))
            {
                throw new ArgumentException(
                    $"The graph has no node '{name}'; it has {string.Join(", ", graph.Nodes.Select(node => $"'{node.Name}'"))}.", nameof(options));
            }
        }

        return keep;
    }

    /// <summary>Inputs to measure errors with, each from the initial state.</summary>
    private static IEnumerable<RnnInputs> Probes(RnnGraph graph, RnnQuantizationOptions options) => options.Calibration is { } calibration
        ? [calibration]
        : Enumerable.Range(1, ProbeRuns).Select(seed => RnnInputs.Random(graph, ProbeSteps, (ulong)seed));

    private static ImmutableArray<RnnPredictedError> Predict(RnnGraph graph, RnnGraph quantized, RnnQuantizationOptions options)
    {
        var runs = Probes(graph, options).Select(inputs => RnnComparer.Compare(
            graph, quantized, inputs, new RnnComparisonOptions { SensitivitySteps = 0, Steps = Math.Min(inputs.Steps, MostCalibrationSteps) })).ToArray();
        return
        [
            .. runs[0].Outputs.Select((output, i) => new RnnPredictedError(
                output.Name, ErrorMargin * runs.Max(run => run.Outputs[i].Error.LargestError), runs.Min(run => run.Outputs[i].Error.SnrDecibels))),
        ];
    }

    private static RnnGraph WithMetadata(
        RnnGraph graph, RnnQuantizationOptions options, ImmutableArray<RnnQuantizationChoice> choices, ImmutableArray<RnnPredictedError> errors)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("precision", Names.Of(options.Precision));
            if (options.Density is { } density)
            {
                json.WriteNumber("density", density);
            }

            if (options.Calibration is { } calibration)
            {
                json.WriteNumber("calibration_steps", calibration.Steps);
                if (options.Percentile is { } percentile)
                {
                    json.WriteNumber("percentile", percentile);
                }
            }

            json.WriteStartObject("nodes");
            foreach (var choice in choices)
            {
                json.WriteString(choice.Node, choice.Reason.Length == 0 ? Names.Of(choice.Precision) : $"{Names.Of(choice.Precision)}: {choice.Reason}");
            }

            json.WriteEndObject();
            json.WriteStartObject("predicted_error");
            foreach (var error in errors)
            {
                json.WriteString(error.Output, error.LargestError.ToString("G3", System.Globalization.CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables, graph.Nodes,
            graph.Metadata.SetItem(MetadataKey, Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length)));
    }
}
