using RnnRuntime.Decoding;

namespace RnnRuntime.Tests;

public sealed class SamplerTests
{
    // Computed from the algorithms' definitions in Python.
    private static readonly int[] PlainDraws = [31, 25, 25, 24, 31, 8, 8, 21, 34, 25, 37, 46, 37, 27, 25, 35, 8, 25, 8, 8];
    private static readonly int[] CutDraws = [24, 10, 10, 8, 24, 25, 25, 34, 18, 10, 35, 31, 35, 24, 10, 18, 25, 8, 25, 25];

    [Fact]
    public void GeneratorIsXoshiro256StarStarSeededBySplitMix64()
    {
        // The outputs that the authors' C code gives for the SplitMix64 seed 0.
        var random = new Xoshiro256(0);
        Assert.Equal([11091344671253066420, 13793997310169335082, 1900383378846508768, 7684712102626143532], (ulong[])[random.Next(), random.Next(), random.Next(), random.Next()]);
    }

    [Fact]
    public void GeneratorsDoublesLieInTheUnitIntervalAndAreEven()
    {
        var random = new Xoshiro256(42);
        var buckets = new int[16];
        for (var i = 0; i < 160_000; i++)
        {
            var value = random.NextDouble();
            Assert.InRange(value, 0, 1 - (1.0 / (1UL << 53)));
            buckets[(int)(value * 16)]++;
        }

        // Five standard deviations of a count of 10,000.
        Assert.All(buckets, count => Assert.InRange(count, 9515, 10485));
    }

    [Fact]
    public void PortableExpIsAccurateAndMonotone()
    {
        var previous = 0.0;
        for (var x = -708.0; x <= 0; x += 0.00317)
        {
            var value = PortableExp.Exp(x);
            Assert.InRange(value / Math.Exp(x), 1 - 1e-15, 1 + 1e-15);
            Assert.True(value > previous, $"exp({x}) = {value} after {previous}");
            previous = value;
        }

        Assert.Equal(1, PortableExp.Exp(0));
        Assert.Equal(0, PortableExp.Exp(-708.1));
        Assert.Equal(0, PortableExp.Exp(double.NegativeInfinity));
        Assert.True(double.IsNaN(PortableExp.Exp(double.NaN)));
    }

    [Fact]
    public void DrawsOfASeedAreTheSameEverywhere()
    {
        // The written-out draws are part of the contract: users keep seeds for their texts.
        var logits = Logits(50, 3);
        Assert.Equal(PlainDraws, Draw(new RnnSampler(50, seed: 1), logits, 20));
        Assert.Equal(CutDraws, Draw(new RnnSampler(50, 0.7, 12, 0.9, 1), logits, 20));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(3.0)]
    public void FrequenciesAreTheSoftmax(double temperature)
    {
        const int draws = 200_000;
        float[] logits = [1.5f, -0.5f, 0, 2, float.NegativeInfinity];
        var counts = new int[logits.Length];
        foreach (var token in Draw(new RnnSampler(logits.Length, temperature, seed: 7), logits, draws))
        {
            counts[token]++;
        }

        var total = logits.Sum(logit => Math.Exp(logit / temperature));
        for (var token = 0; token < logits.Length; token++)
        {
            var p = Math.Exp(logits[token] / temperature) / total;
            var deviation = Math.Sqrt(draws * p * (1 - p));
            Assert.InRange(counts[token], (draws * p) - (5 * deviation), (draws * p) + (5 * deviation));
        }
    }

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(3, 1.0)]
    [InlineData(0, 0.35)]
    [InlineData(0, 0.9)]
    [InlineData(0, 0.999)]
    [InlineData(9, 0.8)]
    [InlineData(64, 0.5)]
    [InlineData(1000, 1.0)]
    public void OnlyTheLikeliestTokensAreDrawn(int topK, double topP)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var logits = Logits(64, seed);
            logits[5] = logits[9] = logits[60];
            var allowed = Allowed(logits, 1.3, topK, topP);
            var drawn = Draw(new RnnSampler(64, 1.3, topK, topP, (ulong)seed), logits, 3000).ToHashSet();
            Assert.True(drawn.IsSubsetOf(allowed), $"seed {seed}: drew {string.Join(",", drawn.Except(allowed))}, allowed {string.Join(",", allowed)}");
            if (allowed.Count <= 3)
            {
                Assert.Equal(allowed.Order(), drawn.Order());
            }
        }
    }

    [Fact]
    public void TemperatureZeroTakesTheFirstOfTheLikeliest()
    {
        Assert.Equal(1, new RnnSampler(4, 0).Sample([1, 3, 3, 2]));
        Assert.Equal(1, new RnnSampler(4, 1, topK: 1).Sample([1, 3, 3, 2]));
        Assert.Equal(0, new RnnSampler(2, 1, topK: 1).Sample([-0f, 0f]));
    }

    [Fact]
    public void ExtremeTemperaturesAreDefined()
    {
        float[] logits = [float.MinValue, 0, float.MaxValue];
        Assert.Equal(2, new RnnSampler(3, double.Epsilon).Sample(logits));
        Assert.Equal(3, Draw(new RnnSampler(3, double.MaxValue), logits, 1000).Distinct().Count());
    }

    [Fact]
    public void ResetStartsTheSequenceAgain()
    {
        var logits = Logits(30, 1);
        var sampler = new RnnSampler(30, seed: 5);
        var first = Draw(sampler, logits, 100);
        Assert.NotEqual(first, Draw(sampler, logits, 100));
        sampler.Reset(5);
        Assert.Equal(first, Draw(sampler, logits, 100));
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(5, 1.0)]
    [InlineData(5, 0.5)]
    [InlineData(0, 0.5)]
    public void SamplingAllocatesNothing(int topK, double topP)
    {
        var logits = Logits(100, 1);
        var sampler = new RnnSampler(100, 0.8, topK, topP);
        sampler.Sample(logits);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                sampler.Sample(logits);
            }
        }));
    }

    [Fact]
    public void ErrorsSayWhatWasFound()
    {
        var sampler = new RnnSampler(3);
        Assert.Contains("3 logits are expected, one a token; found 2", Assert.Throws<ArgumentException>(() => sampler.Sample([1, 2])).Message);
        Assert.Contains("Logit 1 is NaN", Assert.Throws<ArgumentException>(() => sampler.Sample([1, float.NaN, 2])).Message);
        Assert.Contains("Logit 2", Assert.Throws<ArgumentException>(() => sampler.Sample([1, 2, float.PositiveInfinity])).Message);
        Assert.Throws<ArgumentException>(() => sampler.Sample([float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(3, -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(3, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(3, topK: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(3, topP: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RnnSampler(3, topP: 1.01));
    }

    /// <summary>What top-k and then top-p leave, by sorting everything.</summary>
    private static HashSet<int> Allowed(float[] logits, double temperature, int topK, double topP)
    {
        var sorted = Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).ThenBy(token => token)
            .Take(topK == 0 ? logits.Length : topK).ToArray();
        var weights = sorted.Select(token => Math.Exp(logits[token] / temperature)).ToArray();
        var allowed = new HashSet<int>();
        var sum = 0.0;
        for (var i = 0; i < sorted.Length && (i == 0 || topP == 1 || sum < topP * weights.Sum()); i++)
        {
            allowed.Add(sorted[i]);
            sum += weights[i];
        }

        return allowed;
    }

    private static int[] Draw(RnnSampler sampler, float[] logits, int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = sampler.Sample(logits);
        }

        return tokens;
    }

    private static float[] Logits(int count, int seed)
    {
        var random = new Xoshiro256((ulong)seed);
        var logits = new float[count];
        for (var i = 0; i < count; i++)
        {
            logits[i] = (float)((random.NextDouble() * 8) - 4);
        }

        return logits;
    }
}
