using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>How large a value was over a run.</summary>
/// <param name="Range">The largest magnitude of all steps, or the percentile that was asked for of the largest magnitudes of each.</param>
/// <param name="MeanSquareOfLargest">Mean square of the largest magnitudes of each step.</param>
/// <param name="ChannelLargest">The largest magnitude of each channel, which is a place on the last axis.</param>
/// <param name="ChannelMeanSquare">The mean square of each channel.</param>
internal sealed record ActivationRange(float Range, double MeanSquareOfLargest, ImmutableArray<float> ChannelLargest, ImmutableArray<double> ChannelMeanSquare);

/// <summary>How large the vectors become that nodes with weights multiply.</summary>
internal static class ActivationRanges
{
    /// <summary>The most steps of which a percentile is taken: one number of each is kept for every value.</summary>
    public const int MostPercentileSteps = 1_000_000;

    /// <summary>
    /// Runs the graph over all steps of the inputs. For every float32 input of the graph and every vector that a node multiplies with weights
    /// (input and hidden state, for a sequence its hidden states inside too): the largest magnitude of all steps, or the percentile of the
    /// largest magnitudes of each step: the smallest of them that at least that part of the steps does not exceed.
    /// </summary>
    /// <param name="graph">The float32 network.</param>
    /// <param name="inputs">What it is given.</param>
    /// <param name="percentile">Above 0 and at most 100; null for the largest.</param>
    /// <param name="kernel">The kernel variant; null for the best.</param>
    /// <exception cref="ArgumentException">The inputs are for another network or too many for a percentile, or a value is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The percentile is out of range.</exception>
    public static IReadOnlyDictionary<Value, ActivationRange> Measure(RnnGraph graph, RnnInputs inputs, double? percentile = null, string? kernel = null)
    {
        if (percentile is not null and not (> 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(percentile), percentile, "A percentile is above 0 and at most 100.");
        }

        if (percentile is not null && inputs.Steps > MostPercentileSteps)
        {
            throw new ArgumentException($"A percentile is taken of at most {MostPercentileSteps} steps; found {inputs.Steps}.", nameof(inputs));
        }

        inputs.CheckFit(graph, "measured");
        var measured = graph.InputValues.Where(input => input.Type == TensorType.Float32).Concat(graph.Nodes.SelectMany(Multiplied)).ToHashSet();
        var taps = Taps.On(graph, measured);
        var ranges = taps.Values.Select((value, index) => (Value: value, Index: index))
            .Where(tap => measured.Contains(tap.Value)).DistinctBy(tap => tap.Value)
            .Select(tap => (tap.Value, tap.Index, Magnitudes: new Magnitudes(tap.Value, percentile is null ? 0 : inputs.Steps))).ToArray();
        var isRead = ranges.Select(range => range.Index).ToHashSet();
        using var run = new TracedRun(taps.Graph, inputs, kernel, isRead.Contains);
        foreach (var (step, inputStep, steps) in TracedRun.Parts(inputs.Steps, inputs.Steps, TracedRun.StepsAtOnce(taps.Graph)))
        {
            run.Run(inputStep, steps);
            foreach (var (_, index, magnitudes) in ranges)
            {
                for (var t = 0; t < steps; t++)
                {
                    magnitudes.Add((int)step + t, run.Trace(index, t));
                }
            }
        }

        return ranges.ToDictionary(range => range.Value, range => range.Magnitudes.Result(percentile));
    }

    private static IEnumerable<Value> Multiplied(Node node) =>
        NodeWeights.Of(node).Select(matrix => matrix.Vector).OfType<Value>().Concat(node is SequenceNode sequence ? [sequence.Output] : []);


    /// <summary>The largest magnitude of one value; of each step where a percentile is asked for.</summary>
    private sealed class Magnitudes(Value value, int steps)
    {
        private readonly float[] _ofSteps = new float[steps];
        private readonly float[] _largestOfChannels = new float[value.Shape.Rank == 0 ? 1 : value.Shape[-1]];
        private readonly double[] _squaresOfChannels = new double[value.Shape.Rank == 0 ? 1 : value.Shape[-1]];
        private float _largest;
        private double _squares;
        private long _steps;

        public void Add(int step, ReadOnlySpan<float> elements)
        {
            var largest = 0f;
            for (int i = 0, channel = 0; i < elements.Length; i++, channel = channel + 1 == _largestOfChannels.Length ? 0 : channel + 1)
            {
                var magnitude = Math.Abs(elements[i]);
                if (!float.IsFinite(magnitude))
                {
                    throw new ArgumentException($"The value '{value.Name}' is {elements[i]} at step {step}; a range needs finite numbers.");
                }

                largest = Math.Max(largest, magnitude);
                _largestOfChannels[channel] = Math.Max(_largestOfChannels[channel], magnitude);
                _squaresOfChannels[channel] += (double)magnitude * magnitude;
            }

            _steps++;
            _squares += (double)largest * largest;
            _largest = Math.Max(_largest, largest);
            if (_ofSteps.Length > 0)
            {
                _ofSteps[step] = largest;
            }
        }

        public ActivationRange Result(double? percentile)
        {
            var count = (double)_steps * value.Shape.ElementCount / _largestOfChannels.Length;
            return new ActivationRange(
                RangeOf(percentile), _squares / _steps, [.. _largestOfChannels], [.. _squaresOfChannels.Select(square => square / count)]);
        }

        private float RangeOf(double? percentile)
        {
            if (percentile is not { } part)
            {
                return _largest;
            }

            // In decimals, so that 99.9 of 1000 steps are 999.
            Array.Sort(_ofSteps);
            return _ofSteps[Math.Max(0, (int)Math.Ceiling((decimal)part * _ofSteps.Length / 100) - 1)];
        }
    }
}
