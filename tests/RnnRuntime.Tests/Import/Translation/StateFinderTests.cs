using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import;
using RnnRuntime.Import.Translation;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>Which output replaces which input.</summary>
public sealed class StateFinderTests
{
    [Theory]
    [InlineData("h0", "hn")]
    [InlineData("c0", "cn")]
    [InlineData("h_0", "h_n")]
    [InlineData("state", "stateN")]
    [InlineData("x", "x_out")]
    [InlineData("h_in", "h_out")]
    [InlineData("in_h", "out_h")]
    [InlineData("prev_h", "new_h")]
    [InlineData("initial_hidden", "final_hidden")]
    [InlineData("lstm.h.in", "lstm.h.out")]
    [InlineData("past_key", "present_key")]
    [InlineData("hidden1_in", "hidden1_out")]
    [InlineData("h_0", "h_0_out")]
    [InlineData("cache_0", "new_cache_0")]
    [InlineData("state_0", "state_0_n")]
    [InlineData("lstm_state.0", "lstm_state_out.0")]
    [InlineData("rnn_h0", "rnn_hn")]
    [InlineData("inp_state", "out_state")]
    public void NamesTell(string input, string output) => Assert.Equal([(1, 0)], Find(["signal", input], [output]));

    [Fact]
    public void ExactNamesComeBeforeSuffixes() =>
        Assert.Equal([(1, 1), (2, 2)], Find(["x", "h0", "h"], ["y", "h0_out", "h_out"]).Order());

    [Fact]
    public void EveryLayerIsFound() =>
        Assert.Equal([(1, 0), (2, 1)], Find(["x", "h_0", "h_1"], ["h_0_out", "h_1_out"]).Order());

    [Theory]
    [InlineData("audio_in", "audio_out")]
    [InlineData("x", "x_out")]
    public void TheOnlyInputIsNoState(string input, string output) => Assert.Empty(Find([input], [output, "vad"]));

    [Theory]
    [InlineData("x", "y")]
    [InlineData("input", "output")]
    [InlineData("h", "c")]
    [InlineData("x", "x")]
    [InlineData("h2_in", "h3_out")]
    public void OtherNamesDoNot(string input, string output) => Assert.Empty(Find(["signal", input], [output]));

    [Fact]
    public void ShapesHaveToAgree()
    {
        var input = new Value("h0", TensorType.Float32, new TensorShape(1, 4));
        var output = new Value("hn", TensorType.Float32, new TensorShape(4));
        Assert.Empty(StateFinder.Find([new Value("x", TensorType.Float32, new TensorShape(1)), input], [("hn", output)], ImmutableDictionary<string, string>.Empty, search: true));
    }

    [Fact]
    public void OneOfSeveralCandidatesIsNotChosen() => Assert.Empty(Find(["x", "h"], ["h_out", "h_new"]));

    [Fact]
    public void GivenPairsComeFirst() =>
        Assert.Equal([(0, 1), (1, 0)], Find(["a_in", "b"], ["a_out", "z"], ("z", "a_in"), ("a_out", "b")).Order());

    [Theory]
    [InlineData("y", "nothing")]
    [InlineData("nothing", "x")]
    public void GivenNamesHaveToExist(string output, string input)
    {
        var exception = Assert.Throws<RnnImportException>(() => Find(["x"], ["y"], (output, input)));
        Assert.Contains("nothing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnInputIsReplacedByOneOutput() =>
        Assert.Throws<RnnImportException>(() => Find(["x"], ["y", "z"], ("y", "x"), ("z", "x")));

    private static ImmutableArray<(int Input, int Output)> Find(string[] inputs, string[] outputs, params (string Output, string Input)[] given) => StateFinder.Find(
        [.. inputs.Select(name => new Value(name, TensorType.Float32, new TensorShape(2, 3)))],
        [.. outputs.Select(name => (name, new Value(name, TensorType.Float32, new TensorShape(2, 3))))],
        given.ToImmutableDictionary(pair => pair.Output, pair => pair.Input), search: true);
}
