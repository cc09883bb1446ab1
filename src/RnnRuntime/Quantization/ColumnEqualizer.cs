using System.Runtime.InteropServices;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// Finds a factor for each column of a matrix, so that channels of an input that are much smaller than others do not vanish when the vector is
/// quantised: the vector is multiplied by the factors, the weights are divided by them. Factors are powers of two, so nothing is rounded by
/// them. After Xiao et al. 2023 (SmoothQuant): the factor of a channel with largest magnitude a and largest weight w is w^(1-s) / a^s, and the
/// strength s is the one with the least predicted noise.
/// </summary>
internal static class ColumnEqualizer
{
    /// <summary>Factors stay within 2^20 of each other: smaller channels are silent for every purpose.</summary>
    private const int MostExponents = 20;

    /// <summary>Factors have to leave no more than this part of the noise, as a vector costs a multiplication more with them.</summary>
    private const double WorthwhileNoise = 0.7;

    private static readonly double[] Strengths = [0.25, 0.5, 0.75, 1];

    /// <summary>A factor for each column, or null where none are worth while.</summary>
    /// <param name="weights">Float32 [rows, columns].</param>
    /// <param name="input">Of the input: as many channels as columns, or a divisor of it, the columns of all taps having the same channels.</param>
    public static float[]? Factors(Weights weights, ActivationRange input)
    {
        var channels = input.ChannelLargest.Length;
        if (weights.Columns % channels != 0)
        {
            return null;
        }

        var profile = new Profile(weights, input);
        var plain = profile.Noise(new double[channels]);
        var best = Strengths.Select(profile.Exponents).Select(exponents => (Exponents: exponents, Noise: profile.Noise(exponents))).MinBy(candidate => candidate.Noise);
        return best.Noise <= WorthwhileNoise * plain
            ? [.. Enumerable.Range(0, weights.Columns).Select(column => MathF.ScaleB(1, (int)best.Exponents[column % channels]))]
            : null;
    }

    /// <summary>The weights divided by the factors, still float32; the columns' factors go into the int8 weights that are made of them.</summary>
    public static Weights Divide(Weights weights, float[] factors)
    {
        var values = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= factors[i % weights.Columns];
        }

        return new Weights(weights.Values with { Data = MemoryMarshal.AsBytes<float>(values).ToArray() });
    }

    /// <summary>What of a matrix and its input decides the noise.</summary>
    private sealed class Profile
    {
        private readonly ActivationRange _input;
        private readonly int _channels;

        /// <summary>[rows][channels]: the largest weight of all taps; and over all rows.</summary>
        private readonly float[][] _largestOfRows;
        private readonly float[] _largest;

        /// <summary>[channels]: the sum of squares.</summary>
        private readonly double[] _squares;

        public Profile(Weights weights, ActivationRange input)
        {
            (_input, _channels) = (input, input.ChannelLargest.Length);
            _largestOfRows = new float[weights.Rows][];
            _largest = new float[_channels];
            _squares = new double[_channels];
            var values = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span);
            for (var row = 0; row < weights.Rows; row++)
            {
                var largest = _largestOfRows[row] = new float[_channels];
                for (var column = 0; column < weights.Columns; column++)
                {
                    var weight = Math.Abs(values[(row * weights.Columns) + column]);
                    var channel = column % _channels;
                    largest[channel] = Math.Max(largest[channel], weight);
                    _largest[channel] = Math.Max(_largest[channel], weight);
                    _squares[channel] += (double)weight * weight;
                }
            }
        }

        /// <summary>The factors of a strength, as powers of two relative to the least.</summary>
        public double[] Exponents(double strength)
        {
            var exponents = new double[_channels];
            var known = new List<int>();
            for (var channel = 0; channel < _channels; channel++)
            {
                var (a, w) = (_input.ChannelLargest[channel], _largest[channel]);
                if (a > 0 && w > 0)
                {
                    exponents[channel] = ((1 - strength) * Math.Log2(w)) - (strength * Math.Log2(a));
                    known.Add(channel);
                }
            }

            if (known.Count == 0)
            {
                return exponents;
            }

            // Where nothing is known, as a channel was silent, it is treated as the middle one.
            var least = known.Min(channel => exponents[channel]);
            var middle = known.Select(channel => exponents[channel]).Order().ElementAt(known.Count / 2);
            for (var channel = 0; channel < _channels; channel++)
            {
                var exponent = known.Contains(channel) ? exponents[channel] : middle;
                exponents[channel] = Math.Min(Math.Round(exponent - least), MostExponents);
            }

            return exponents;
        }

        /// <summary>
        /// Up to a constant, the noise of the product: each vector's unit is its largest element's, and a weight carries it; each row's unit is its
        /// largest weight's, and the input carries it.
        /// </summary>
        public double Noise(double[] exponents)
        {
            var unit = 0.0;
            var weights = 0.0;
            var input = 0.0;
            for (var channel = 0; channel < _channels; channel++)
            {
                var factor = Math.ScaleB(1, 2 * (int)exponents[channel]);
                unit = Math.Max(unit, _input.ChannelMeanSquare[channel] * factor);
                weights += _squares[channel] / factor;
                input += _input.ChannelMeanSquare[channel] * factor;
            }

            var rows = _largestOfRows.Sum(row =>
            {
                var largest = 0.0;
                for (var channel = 0; channel < _channels; channel++)
                {
                    largest = Math.Max(largest, Math.ScaleB(row[channel], -(int)exponents[channel]));
                }

                return largest * largest;
            });
            return (unit * weights) + (rows * input);
        }
    }
}
