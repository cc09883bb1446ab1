using System.Text;
using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

/// <summary>Files of other tools become .rnn files that compute the same, or nothing.</summary>
public sealed class CliConvertTests : IDisposable
{
    private static readonly float[] X = [0.5f, -1, 0.25f, 2, 0, -0.125f, 1, 0.75f, -2];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Kinds => ["rtneural", "nam", "state-dict", "topology"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheModelGivesWhatItsSourceComputes(string kind)
    {
        var (arguments, expected) = Source(kind);
        CliSources.WriteNpz(_directory["golden.npz"], ("x", Array(X)), ("y", Array(expected)));
        var made = CliProcess.Run(["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["golden.npz"]]).Succeeds().Output;
        Assert.Contains("check       the file gives the bits of the model in memory", made);
        Assert.InRange(CliSources.NumberAfter(made, "y [9, 1]: largest difference "), 0, 1e-6);
        Assert.Contains("input       x float32 [1]\n", made);
        Assert.Contains("output      y float32 [1]\n", made);
        Assert.Matches(@"(?m)^state +\S+h float32 \[1\]$", made);

        NpyFile.Write(_directory["x.npy"], Array(X));
        CliProcess.Run("run", _directory["m.rnn"], "--input", $"x={_directory["x.npy"]}", "--output", $"y={_directory["converted.npy"]}").Succeeds();
        CliProcess.Run(["run", .. arguments, "--input", $"x={_directory["golden.npz"]}", "--output", $"y={_directory["direct.npy"]}", "--stream"]).Succeeds();
        Assert.Equal(File.ReadAllBytes(_directory["converted.npy"]), File.ReadAllBytes(_directory["direct.npy"]));
        var found = NpyFile.Read(_directory["converted.npy"]).ToFloat32("");
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6));

        Assert.Matches(@"(?m)^lstm +1 ", CliProcess.Run(["inspect", .. arguments]).Succeeds().Output);
        CliProcess.Run(["quantize", .. arguments, "-o", _directory["q.rnn"]]).Succeeds();
        CliProcess.Run("inspect", _directory["q.rnn"]).Succeeds();
    }

    [Theory]
    [InlineData(1e-3f, false)]
    [InlineData(2e-5f, true)]
    public void GoldensThatAreNotMetLeaveNoFile(float error, bool isMet)
    {
        var (arguments, expected) = Source("rtneural");
        expected[4] += error;
        Directory.CreateDirectory(_directory["golden"]);
        NpyFile.Write(_directory["golden/x.npy"], Array(X));
        NpyFile.Write(_directory["golden/y.npy"], Array(expected));
        File.WriteAllText(_directory["m.rnn"], "what was there");
        string[] convert = ["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["golden"]];
        var result = CliProcess.Run(convert);
        if (isMet)
        {
            Assert.InRange(CliSources.NumberAfter(result.Succeeds().Output, "largest difference "), 1e-5, 3e-5);
            CliProcess.Run([.. convert, "--tolerance", "1e-6"]).FailsWith("the goldens are not met within 1E-06");
            return;
        }

        result.FailsWith("the goldens are not met within 0.0001 of the larger of 1 and the value: y [9, 1]: largest difference 0.001, 1 of 9 values too far; at [4, 0] found ");
        Assert.Equal("what was there", File.ReadAllText(_directory["m.rnn"]));
        Assert.Empty(Directory.GetFiles(_directory["."], "*.partial"));
        CliProcess.Run([.. convert, "--tolerance", "0.01"]).Succeeds();
    }

    [Fact]
    public void EmbeddedGoldensTravelWithTheModel()
    {
        var (arguments, expected) = Source("nam");
        CliSources.WriteNpz(_directory["golden.npz"], ("x", Array(X)), ("y", Array(expected)));
        var made = CliProcess.Run(["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["golden.npz"], "--embed-golden"]).Succeeds();
        Assert.Contains("the goldens in the file: largest difference ", made.Output);
        using (var model = RnnModel.Load(_directory["m.rnn"], new RnnOptions { VerifyGolden = true }))
        {
            Assert.True(model.HasGolden);
        }

        // A .rnn file is a source too, and its goldens stay.
        Assert.Contains("the goldens in the file", CliProcess.Run("convert", _directory["m.rnn"], "-o", _directory["copy.rnn"], "--check").Succeeds().Output);
        Assert.Equal(File.ReadAllBytes(_directory["m.rnn"]), File.ReadAllBytes(_directory["copy.rnn"]));

        CliSources.WriteNpz(_directory["state.npz"], ("x", Array(X)), ("y", Array(CliSources.Expect(X, 0.5, -0.5))), ("lstm1.h", NpyArray.From([0.5f], 1)));
        CliProcess.Run(["convert", .. arguments, "-o", _directory["n.rnn"], "--check", _directory["state.npz"]]).Succeeds();
        CliProcess.Run(["convert", .. arguments, "-o", _directory["n.rnn"], "--check", _directory["state.npz"], "--embed-golden"])
            .FailsWith("--embed-golden: a model carries goldens that start from its initial state; state 'lstm1.h' starts from other values here");
    }

    [Fact]
    public void GoldensThatDoNotFitAreNamed()
    {
        var (arguments, expected) = Source("rtneural");
        void Fails(string message, params (string Name, NpyArray Array)[] arrays)
        {
            File.Delete(_directory["g.npz"]);
            CliSources.WriteNpz(_directory["g.npz"], arrays);
            CliProcess.Run(["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["g.npz"]]).FailsWith(message);
        }

        Fails("no array for input 'x' (float32 [1])", ("y", Array(expected)));
        Fails("no array for an output; outputs are 'y'", ("x", Array(X)));
        Fails("g.npz, z: the model has no 'z'; inputs are 'x', outputs 'y', states ", ("x", Array(X)), ("y", Array(expected)), ("z", Array(X)));
        Fails("g.npz, y: 'y' has 8 time steps, an array before it 9", ("x", Array(X)), ("y", Array(expected[..8])));
        Fails("g.npz, y: expected float32 [9, 1], found <f4 [9]", ("x", Array(X)), ("y", NpyArray.From(expected, 9)));
        Fails("'x' is float32 [1]; expected an array of that shape or with one more leading axis, found <f4 [9, 1, 1]", ("x", NpyArray.From(X, 9, 1, 1)), ("y", Array(expected)));
        File.WriteAllText(_directory["bad.npz"], "PK and nothing more");
        CliProcess.Run(["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["bad.npz"]]).FailsWith("bad.npz: not a NumPy archive: ");
        CliProcess.Run(["convert", .. arguments, "-o", _directory["m.rnn"], "--check", _directory["none.npz"]]).FailsWith("--check " + _directory["none.npz"] + ": there is no such file");
        Assert.False(File.Exists(_directory["m.rnn"]));
    }

    [Fact]
    public void RefusalsAreOneLine()
    {
        void Fails(string file, string content, string message, params string[] more)
        {
            File.WriteAllText(_directory[file], content);
            foreach (var command in (string[][])[["convert", _directory[file], "-o", _directory["m.rnn"]], ["inspect", _directory[file]], ["run", _directory[file]]])
            {
                CliProcess.Run([.. command, .. more]).FailsWith(message);
            }
        }

        Fails("empty", "", "empty: file: found no bytes, expected a .rnn, ONNX, Keras HDF5, PyTorch, safetensors, RTNeural JSON or NAM file");
        Fails("text", "not a model", "text: ");
        Fails("other.json", "{ \"a\": 1 }", "JSON model: found the fields 'a', expected an RTNeural model");
        Fails("units.json", CliSources.RtNeural.Replace("[0.125, 1, -0.25, 0.5]", "[0.125, 1, -0.25]", StringComparison.Ordinal), "units.json: layers[0] (lstm)");
        Fails("nam.json", CliSources.Nam, "nam.json: options: found extents or values to fix, expected none", "--fix", "batch=1");
        Fails("layers.json", CliSources.RtNeural, "expected at most 8 bytes (limit MaximumFileBytes). --max-bytes raises it.", "--max-bytes", "8");
        File.WriteAllBytes(_directory["weights"], CliSources.StateDict(hasHead: true));
        CliProcess.Run("convert", _directory["weights"], "-o", _directory["m.rnn"]).FailsWith("give a topology");
        Assert.False(File.Exists(_directory["m.rnn"]));
    }

    [Fact]
    public void ASourceIsNeverReplaced()
    {
        var (arguments, _) = Source("topology");
        foreach (var read in (string[])["source", "topology.json"])
        {
            CliProcess.Run(["convert", .. arguments, "-o", _directory[read]]).FailsWith(", which is read");
        }

        CliProcess.Run("convert", _directory["none"], "-o", _directory["m.rnn"]).FailsWith($"source {_directory["none"]}: there is no such file");
    }

    [Theory]
    [InlineData("convert", "m.onnx")]
    [InlineData("convert", "-o", "m.rnn")]
    [InlineData("convert", "m.onnx", "-o", "m.rnn", "--fix", "batch")]
    [InlineData("convert", "m.onnx", "-o", "m.rnn", "--fix", "batch=one")]
    [InlineData("convert", "m.onnx", "-o", "m.rnn", "--embed-golden")]
    [InlineData("convert", "m.onnx", "-o", "m.rnn", "--tolerance", "1e-3")]
    [InlineData("convert", "m.onnx", "-o", "m.rnn", "--max-nodes", "0")]
    [InlineData("generate", "--fix", "batch=1", "m.onnx")]
    [InlineData("inspect", "--fix", "batch=1", "m.onnx", "n.onnx")]
    public void WrongUsageIsExitCodeTwo(params string[] arguments)
    {
        var result = CliProcess.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("rnn: error: ", result.Error);
    }

    private (string[] Arguments, float[] Expected) Source(string kind)
    {
        File.WriteAllText(_directory["topology.json"], CliSources.Topology);
        File.WriteAllBytes(_directory["source"], kind switch
        {
            "rtneural" => Encoding.UTF8.GetBytes(CliSources.RtNeural),
            "nam" => Encoding.UTF8.GetBytes(CliSources.Nam),
            _ => CliSources.StateDict(hasHead: kind == "topology"),
        });
        return kind switch
        {
            "nam" => ([_directory["source"]], CliSources.Expect(X, 0.25, -0.5)),
            "state-dict" => ([_directory["source"]], CliSources.Expect(X, hasHead: false)),
            "topology" => ([_directory["source"], "--topology", _directory["topology.json"]], CliSources.Expect(X)),
            _ => ([_directory["source"]], CliSources.Expect(X)),
        };
    }

    private static NpyArray Array(float[] values) => NpyArray.From(values, values.Length, 1);
}
