using System.Collections.Immutable;
using RnnRuntime.Comparison;

namespace RnnRuntime;

/// <summary>How far two networks are from each other over the same inputs. Steps are counted from 0.</summary>
/// <param name="Steps">Steps of the run.</param>
/// <param name="SensitivitySteps">Steps over which costs were measured; 0 where they were not.</param>
/// <param name="SnrDecibels">The outputs' signal-to-noise ratio: of the mean of their noise, each relative to its own signal; infinite where all outputs are equal.</param>
/// <param name="Outputs">The outputs in the reference's order.</param>
/// <param name="States">The states that both have, but for histories, which are inputs of before.</param>
/// <param name="Nodes">The nodes that both have, in the reference's order.</param>
/// <param name="LanguageModel">What changed for a language model; null for others, and over random inputs.</param>
/// <param name="KeepFloat">
/// The fewest nodes that together cause more than half of the noise, costliest first; none where the outputs are near enough
/// (<see cref="RnnComparisonOptions.SufficientDecibels"/>) or costs were not measured.
/// </param>
/// <param name="LeftOut">What only one of the networks has, or has in another form, one line each.</param>
public sealed record RnnComparison(
    long Steps, int SensitivitySteps, double SnrDecibels, ImmutableArray<OutputComparison> Outputs, ImmutableArray<StateComparison> States,
    ImmutableArray<NodeComparison> Nodes, LanguageModelComparison? LanguageModel, ImmutableArray<string> KeepFloat, ImmutableArray<string> LeftOut);

/// <summary>
/// The error of a signal over a run. An element that is a number in one network only, or infinite in one only, counts as an infinite error.
/// </summary>
/// <param name="SignalPower">Mean square of the reference's elements.</param>
/// <param name="NoisePower">Mean square of the differences.</param>
/// <param name="MeanAbsoluteError">Mean magnitude of the differences.</param>
/// <param name="LargestError">Largest magnitude of a difference.</param>
/// <param name="LargestErrorStep">The first step that has it.</param>
public sealed record SignalError(double SignalPower, double NoisePower, double MeanAbsoluteError, double LargestError, long LargestErrorStep)
{
    /// <summary>Signal-to-noise ratio in dB; infinite where the signals are equal.</summary>
    public double SnrDecibels => Decibels.Of(SignalPower, NoisePower);

    /// <summary>Root mean square of the differences.</summary>
    public double RmsError => Math.Sqrt(NoisePower);
}

/// <summary>The error of a signal over a part of the run.</summary>
/// <param name="FirstStep">Where it begins.</param>
/// <param name="Steps">How long it is.</param>
/// <param name="SignalPower">Mean square of the reference's elements.</param>
/// <param name="NoisePower">Mean square of the differences.</param>
/// <param name="LargestError">Largest magnitude of a difference.</param>
public sealed record ErrorWindow(long FirstStep, long Steps, double SignalPower, double NoisePower, double LargestError)
{
    /// <summary>Signal-to-noise ratio in dB; infinite where the signals are equal.</summary>
    public double SnrDecibels => Decibels.Of(SignalPower, NoisePower);

    /// <summary>Root mean square of the differences.</summary>
    public double RmsError => Math.Sqrt(NoisePower);
}

/// <summary>What an output decides.</summary>
public enum DecisionKind
{
    /// <summary>Which of its elements is the largest; the first of several.</summary>
    LargestElement,

    /// <summary>Whether its one element is at least <see cref="RnnComparisonOptions.Threshold"/>.</summary>
    Threshold,
}

/// <summary>An output of two networks.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Error">The error over the run.</param>
/// <param name="Windows">The run in at most 500 parts that are equally long, to a step.</param>
/// <param name="Decades">The run in steps 0 to 9, 10 to 99, 100 to 999, and so on.</param>
/// <param name="Decision">What it decides.</param>
/// <param name="ChangedDecisions">Steps on which the two decide otherwise.</param>
public sealed record OutputComparison(
    string Name, TensorShape Shape, SignalError Error, ImmutableArray<ErrorWindow> Windows, ImmutableArray<ErrorWindow> Decades,
    DecisionKind Decision, long ChangedDecisions);

/// <summary>A state of two networks, as it is after each step.</summary>
/// <param name="Name">The state's name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Error">The error over the run.</param>
/// <param name="Windows">The run in at most 500 parts that are equally long, to a step.</param>
/// <param name="Decades">The run in steps 0 to 9, 10 to 99, 100 to 999, and so on.</param>
public sealed record StateComparison(
    string Name, TensorShape Shape, SignalError Error, ImmutableArray<ErrorWindow> Windows, ImmutableArray<ErrorWindow> Decades);

/// <summary>A node of two networks.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Operator">The operator, as the file format writes it.</param>
/// <param name="ReferencePrecision">Element type of the reference's weights, or null where the node has none.</param>
/// <param name="CandidatePrecision">Element type of the candidate's weights, or null where the node has none.</param>
/// <param name="Values">The float32 values that both compute, with the error that has gathered up to here.</param>
/// <param name="Cost">What the node itself costs; null where its weights are the same, or where that was not measured.</param>
public sealed record NodeComparison(
    string Name, string Operator, TensorType? ReferencePrecision, TensorType? CandidatePrecision, ImmutableArray<ValueComparison> Values, NodeCost? Cost);

/// <summary>A value inside two networks.</summary>
/// <param name="Name">The value's name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Error">The error over the run.</param>
/// <param name="Windows">The run in at most 50 parts that are equally long, to a step.</param>
public sealed record ValueComparison(string Name, TensorShape Shape, SignalError Error, ImmutableArray<ErrorWindow> Windows);

/// <summary>What the candidate's weights of one node cost.</summary>
/// <param name="RelativeNoise">
/// Noise on the outputs of the reference with only this node taken from the candidate: the mean over the outputs, each relative to its own signal.
/// </param>
/// <param name="Share">Part of the sum of that noise over all nodes, 0 to 1.</param>
/// <param name="KeptDecibels">Signal-to-noise ratio of the candidate's outputs with only this node taken from the reference, in dB.</param>
/// <param name="GainDecibels">How much more that is than without.</param>
/// <param name="Gates">The same for the weights of one gate at a time, as numbers, without quantised activations; none where the node has no gates.</param>
public sealed record NodeCost(double RelativeNoise, double Share, double KeptDecibels, double GainDecibels, ImmutableArray<GateCost> Gates)
{
    /// <summary>Signal-to-noise ratio of the outputs with only this node's noise, in dB.</summary>
    public double SnrDecibels => Decibels.Of(1, RelativeNoise);
}

/// <summary>What the candidate's weights of one gate cost.</summary>
/// <param name="Gate">i, f, g, o of an LSTM; r, z, n of a GRU; h of an RNN.</param>
/// <param name="RelativeNoise">As for <see cref="NodeCost"/>, with only this gate's weights taken from the candidate.</param>
/// <param name="Share">Part of the sum of that noise over all gates of all nodes, 0 to 1.</param>
public sealed record GateCost(string Gate, double RelativeNoise, double Share)
{
    /// <summary>Signal-to-noise ratio of the outputs with only this gate's noise, in dB.</summary>
    public double SnrDecibels => Decibels.Of(1, RelativeNoise);
}

/// <summary>How well two language models predict the next token of their input.</summary>
/// <param name="Output">The output that holds the logits, or their softmax or its logarithm.</param>
/// <param name="Tokens">Tokens predicted; none where the inputs begin again.</param>
/// <param name="ReferenceBits">Cross-entropy of the reference in bits a token.</param>
/// <param name="CandidateBits">Cross-entropy of the candidate in bits a token.</param>
public sealed record LanguageModelComparison(string Output, long Tokens, double ReferenceBits, double CandidateBits)
{
    /// <summary>How many bits a token more the candidate needs.</summary>
    public double Change => CandidateBits - ReferenceBits;
}
