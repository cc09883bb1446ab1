using RnnRuntime.Decoding;

namespace RnnRuntime;

/// <summary>
/// Draws tokens from a language model's logits by temperature, then top-k, then top-p. The same seed and logits give the same tokens on every
/// machine: the generator is integer arithmetic and the probabilities are basic double-precision operations. <see cref="Sample"/> allocates nothing.
/// Not thread-safe: one sampler serves one stream.
/// </summary>
/// <remarks>
/// Top-k: Fan et al., "Hierarchical Neural Story Generation", 2018. Top-p (nucleus): Holtzman et al., "The Curious Case of Neural Text
/// Degeneration", 2020.
/// </remarks>
public sealed class RnnSampler
{
    private readonly double _temperature;
    private readonly int _topK;
    private readonly double _topP;
    private readonly int[] _tokens;
    private readonly double[] _weights;
    private readonly CandidateHeap? _heap;
    private Xoshiro256 _random;

    /// <summary>Makes a sampler.</summary>
    /// <param name="vocabularySize">Number of tokens, which is the number of logits; at least 1.</param>
    /// <param name="temperature">What logits are divided by: finite, at least 0. 1 is the model's own distribution, 0 always takes the likeliest token.</param>
    /// <param name="topK">Only the likeliest K tokens can be drawn; 0 means all.</param>
    /// <param name="topP">Only the likeliest tokens that together reach this share of the probability can be drawn; in (0, 1], 1 means all.</param>
    /// <param name="seed">Decides the whole sequence of draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public RnnSampler(int vocabularySize, double temperature = 1, int topK = 0, double topP = 1, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        if (!double.IsFinite(temperature) || temperature < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature is finite and at least 0.");
        }

        if (!(topP > 0 && topP <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(topP), topP, "Top-p is above 0 and at most 1.");
        }

        VocabularySize = vocabularySize;
        _temperature = temperature;
        _topK = topK == 0 ? vocabularySize : Math.Min(topK, vocabularySize);
        _topP = topP;
        _tokens = new int[vocabularySize];
        _weights = new double[vocabularySize];
        _heap = _topK < vocabularySize || topP < 1 ? new CandidateHeap(vocabularySize) : null;
        _random = new Xoshiro256(seed);
    }

    /// <summary>Number of logits that <see cref="Sample"/> takes.</summary>
    public int VocabularySize { get; }

    /// <summary>Starts the sequence of draws of a seed from its beginning.</summary>
    /// <param name="seed">The seed.</param>
    public void Reset(ulong seed) => _random = new Xoshiro256(seed);

    /// <summary>Draws a token. Every call at a temperature above 0 takes one number from the generator.</summary>
    /// <param name="logits">Unnormalised log-probabilities, [<see cref="VocabularySize"/>]. Negative infinity is a token that cannot be drawn.</param>
    /// <returns>The token, an index into <paramref name="logits"/>. Among equal logits the smaller index is taken to be likelier.</returns>
    /// <exception cref="ArgumentException">The length is wrong, a logit is NaN or positive infinity, or all are negative infinity.</exception>
    public int Sample(ReadOnlySpan<float> logits)
    {
        if (logits.Length != VocabularySize)
        {
            ThrowWrongLength(logits.Length);
        }

        var best = Likeliest(logits);
        if (_temperature == 0)
        {
            return best;
        }

        var kept = Candidates(logits, logits[best], out var total);
        var target = _random.NextDouble() * total;
        var cumulative = 0.0;
        var last = 0;
        for (var i = 0; i < kept; i++)
        {
            if (_weights[i] > 0)
            {
                last = i;
                cumulative += _weights[i];
                if (cumulative > target)
                {
                    break;
                }
            }
        }

        return _tokens[last];
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (float.IsNaN(logits[token]) || float.IsPositiveInfinity(logits[token]))
            {
                ThrowNotALogit(token, logits[token]);
            }

            best = logits[token] > logits[best] ? token : best;
        }

        if (float.IsNegativeInfinity(logits[best]))
        {
            ThrowNothingToDraw();
        }

        return best;
    }

    /// <summary>Fills tokens and weights with what may be drawn and returns their number; the largest weight is 1.</summary>
    private int Candidates(ReadOnlySpan<float> logits, float largest, out double total)
    {
        total = 0;
        if (_heap is null)
        {
            for (var token = 0; token < logits.Length; token++)
            {
                _tokens[token] = token;
                _weights[token] = Weight(logits[token], largest);
                total += _weights[token];
            }

            return logits.Length;
        }

        // With top-k the candidates are taken at once; with top-p alone, only as many as its share needs.
        _heap.Fill(logits);
        var taken = _topK < VocabularySize ? _topK : 0;
        for (var i = 0; i < taken; i++)
        {
            total += Take(i, logits, largest);
        }

        for (var token = 0; taken == 0 && token < logits.Length; token++)
        {
            total += Weight(logits[token], largest);
        }

        var wanted = _topP * total;
        var kept = 0;
        for (total = 0; kept < _topK && (kept == 0 || total < wanted); kept++)
        {
            total += kept < taken ? _weights[kept] : Take(kept, logits, largest);
        }

        return kept;
    }

    private double Take(int rank, ReadOnlySpan<float> logits, float largest)
    {
        _tokens[rank] = _heap!.Take();
        return _weights[rank] = Weight(logits[_tokens[rank]], largest);
    }

    private double Weight(float logit, float largest) => PortableExp.Exp(((double)logit - largest) / _temperature);

    private void ThrowWrongLength(int length) =>
        throw new ArgumentException($"{VocabularySize} logits are expected, one a token; found {length}.", "logits");

    private static void ThrowNotALogit(int token, float value) =>
        throw new ArgumentException($"Logit {token} is {value}; a finite number or negative infinity is expected.", "logits");

    private static void ThrowNothingToDraw() =>
        throw new ArgumentException("Every logit is negative infinity; at least one finite logit is expected.", "logits");
}
