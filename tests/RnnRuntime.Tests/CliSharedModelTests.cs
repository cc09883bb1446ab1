using RnnRuntime.Cli.Npy;
using RnnRuntime.Tests.Import;

namespace RnnRuntime.Tests;

/// <summary>Third-party models through the command line, held to the outputs of the tools that they come from.</summary>
public sealed class CliSharedModelTests : IDisposable
{
    /// <summary>From the first LSTM's output on: what is before it takes a normalisation.</summary>
    private const string KerasTopology = """
        { "style": "keras", "inputs": [{ "name": "x", "size": 128 }],
          "layers": [
            { "type": "lstm", "name": "second", "prefix": "lstm_1/lstm_1/lstm_cell_1/" },
            { "type": "linear", "weight": "dense/dense/kernel:0", "bias": "dense/dense/bias:0" },
            { "type": "activation", "name": "mask", "function": "sigmoid" }],
          "outputs": [{ "name": "mask" }, { "name": "hidden", "from": "second" }],
          "ignore": ["conv1d*", "dense_1/*", "instant_layer_normalization*", "lstm/*", "lstm_2/*", "lstm_3/*"] }
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("silero_vad.onnx", "sr=16000", "input[0]=1", "input[1]=576", "state[1]=1")]
    [InlineData("silero_vad_16k_op15.onnx", "batch=1", "input[1]=576")]
    [InlineData("silero_vad_openvino_16k.onnx")]
    public void VoiceActivity(string file, params string[] fix)
    {
        var folder = SharedModels.Folder("silero");
        const int Steps = 100;
        var samples = NpyArray.From(Frames(Path.Combine(folder, "test.wav"), Steps), Steps, 1, 576);
        var probabilities = NpyFile.Read(Path.Combine(folder, "onnx_16k_probs.npy")).ToFloat32("")[..Steps];
        var states = NpyFile.Read(Path.Combine(folder, "onnx_16k_state_first32.npy"));
        var (path, isExtra) = (Path.Combine(folder, file), file.Contains("op15", StringComparison.Ordinal));
        string[] arguments = fix.Length == 0 ? [] : ["--fix", .. isExtra ? OpsetFixes(path) : fix];
        CliSources.WriteNpz(_directory["g.npz"], ("input", samples), ("output", NpyArray.From(probabilities, Steps, 1, 1)));
        var made = CliProcess.Run(["convert", path, "-o", _directory["m.rnn"], .. arguments, "--check", _directory["g.npz"], "--embed-golden"]).Succeeds().Output;
        Assert.Contains("state       state float32 [2, 1, 128], replaced by stateN (found by names and shapes)", made);

        CliSources.WriteNpz(
            _directory["s.npz"], ("input", NpyArray.From(samples.ToFloat32("").AsSpan(0, 32 * 576), 32, 1, 576)), ("stateN", states), ("state", NpyArray.From(new float[256], 2, 1, 128)));
        Assert.Contains("stateN [32, 2, 1, 128]: ", CliProcess.Run(["convert", path, "-o", _directory["m2.rnn"], .. arguments, "--check", _directory["s.npz"]]).Succeeds().Output);

        using var model = RnnModel.Load(_directory["m.rnn"], new RnnOptions { VerifyGolden = true });
        Assert.True(model.HasGolden);
    }

    [Fact]
    public void AnOnnxModelIsComparedWithTheInt8FileMadeOfIt()
    {
        var path = Path.Combine(SharedModels.Folder("silero"), "silero_vad.onnx");
        string[] fix = ["--fix", "sr=16000", "input[0]=1", "input[1]=576", "state[1]=1"];
        CliProcess.Run(["quantize", path, "-o", _directory["q.rnn"], .. fix]).Succeeds();
        var text = CliProcess.Run(["compare", path, _directory["q.rnn"], "--steps", "40", .. fix]).Succeeds().Output;
        Assert.Matches(@"(?m)^output +\[1, 1\] +\d+\.\d .* threshold ", text);
        Assert.Matches(@"(?m)^If_0_\S+ +lstm +int8 +\d+\.\d ", text);
        Assert.Contains("\nstate   state ", text);
        Assert.DoesNotContain("Not compared", text);
        CliProcess.Run(["compare", _directory["q.rnn"], _directory["q.rnn"], .. fix]).FailsWith("--fix");
    }

    [Fact]
    public void KerasWeightsWithATopology()
    {
        var folder = SharedModels.Folder("keras-h5");
        NpyArray Read(string name) => NpyFile.Read(Path.Combine(folder, name + ".npy"));
        File.WriteAllText(_directory["t.json"], KerasTopology);
        CliSources.WriteNpz(_directory["g.npz"], ("x", Read("lstm_out")), ("hidden", Read("lstm_1_out")), ("mask", Read("mask")));
        CliProcess.Run(
            "convert", Path.Combine(folder, "DTLN_norm_40h.h5"), "-o", _directory["m.rnn"], "--topology", _directory["t.json"], "--check", _directory["g.npz"], "--embed-golden").Succeeds();
        CliProcess.Run("convert", Path.Combine(folder, "DTLN_norm_40h.h5"), "-o", _directory["n.rnn"]).FailsWith("give a topology");
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("syn_l2h16")]
    public void NeuralAmpModels(string name)
    {
        var folder = SharedModels.Folder("nam");
        NpyArray Read(string part) => NpyFile.Read(Path.Combine(folder, $"{name}_{part}.npy")) is var array ? array with { Shape = [array.Count, 1] } : array;
        CliSources.WriteNpz(_directory["g.npz"], ("x", Read("x")), ("y", Read("y")));
        CliProcess.Run("convert", Path.Combine(folder, $"{name}.nam"), "-o", _directory["m.rnn"], "--check", _directory["g.npz"], "--tolerance", "1e-5").Succeeds();
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru_1d")]
    public void RtNeuralModels(string name)
    {
        var folder = SharedModels.Folder("rtneural");
        NpyArray Read(string part) => File.ReadAllLines(Path.Combine(folder, $"{name}_{part}.csv")) is var lines
            ? NpyArray.From([.. lines.Select(line => float.Parse(line, System.Globalization.CultureInfo.InvariantCulture))], lines.Length, 1) : null!;
        CliSources.WriteNpz(_directory["g.npz"], ("x", Read("x")), ("y", Read("y")));
        CliProcess.Run("convert", Path.Combine(folder, $"{name}.json"), "-o", _directory["m.rnn"], "--check", _directory["g.npz"], "--tolerance", "5e-6").Succeeds();
        CliProcess.Run("inspect", Path.Combine(folder, "bad_lstm.json")).FailsWith("found 16 units, expected 20");
    }

    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.safetensors")]
    [InlineData("model.onnx")]
    public void PyTorchModules(string file)
    {
        var folder = Path.Combine(SharedModels.Folder("torch"), "lstm_l1_h64");
        NpyArray Read(string name) => NpyFile.Read(Path.Combine(folder, name + ".npy"));
        NpyArray State(string name) => Read(name) is var array && file != "model.onnx" ? array with { Shape = [array.Count] } : Read(name);
        NpyArray Steps(string name) => Read(name) is var array && file != "model.onnx" ? array with { Shape = [array.Shape[0], array.Shape[2]] } : Read(name);
        var (h, c) = file == "model.onnx" ? ("h0", "c0") : ("rnn.h", "rnn.c");
        CliSources.WriteNpz(_directory["g.npz"], ("x", Steps("in_x")), (h, State("in_h0")), (c, State("in_c0")), ("y", Steps("out_y")));
        CliProcess.Run("convert", Path.Combine(folder, file), "-o", _directory["m.rnn"], "--check", _directory["g.npz"], "--tolerance", "2e-5").Succeeds();
    }

    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.safetensors")]
    [InlineData("model.onnx", "--fix", "batch=1", "--fix", "time=1")]
    public void ALanguageModel(string file, params string[] fix)
    {
        var folder = SharedModels.Folder("charlm");
        string[] bind = [.. fix, "--vocab", Path.Combine(folder, "vocab.json")];
        var tokens = NpyFile.Read(Path.Combine(folder, "tokens.npy"));
        var logits = NpyFile.Read(Path.Combine(folder, "logits_first64.npy"));
        var first = new NpyArray(tokens.Type, [64], tokens.Data[..(64 * 8)]);
        var (input, inputShape, outputShape) = fix.Length > 0 ? ("tokens", (int[])[64, 1, 1], (int[])[64, 1, 1, 65]) : ("token", [64], [64, 65]);
        CliSources.WriteNpz(_directory["g.npz"], (input, first with { Shape = inputShape }), ("logits", logits with { Shape = outputShape }));
        CliProcess.Run(["convert", Path.Combine(folder, file), "-o", _directory["m.rnn"], .. bind, "--check", _directory["g.npz"], "--embed-golden"]).Succeeds();

        string[] generate = ["generate", "--length", "120", "--seed", "3", "--prompt", "ROMEO:"];
        var text = CliProcess.Run([.. generate, "--model", _directory["m.rnn"]]).Succeeds().Output;
        Assert.Equal(text, CliProcess.Run([.. generate, "--model", Path.Combine(folder, file), .. bind]).Succeeds().Output);
        Assert.Equal(126, text.Length);
        CliProcess.Run(["quantize", Path.Combine(folder, file), "-o", _directory["q.rnn"], .. bind]).Succeeds();
        CliProcess.Run([.. generate, "--model", _directory["q.rnn"]]).Succeeds();
    }

    /// <summary>As the file names its dimensions.</summary>
    private static string[] OpsetFixes(string path)
    {
        var refusals = CliProcess.Run("inspect", path).Output;
        var line = refusals.Split('\n').Single(line => line.StartsWith("to bind: ", StringComparison.Ordinal));
        return [.. line["to bind: ".Length..].Split("--fix ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(fix => fix.Replace("=N", fix.StartsWith("batch", StringComparison.Ordinal) || fix.StartsWith("state", StringComparison.Ordinal) ? "=1" : "=576", StringComparison.Ordinal)), "sr=16000"];
    }

    private static float[] Frames(string wav, int steps)
    {
        var samples = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(wav).AsSpan(44));
        var frames = new float[steps * 576];
        for (var i = 0; i < frames.Length; i++)
        {
            var at = ((i / 576) * 512) + (i % 576) - 64;
            frames[i] = at < 0 ? 0 : samples[at] / 32768f;
        }

        return frames;
    }
}
