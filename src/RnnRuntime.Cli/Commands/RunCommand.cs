using System.CommandLine;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Running;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class RunCommand
{
    private static readonly Option<string[]> Input = new("--input")
    {
        Description =
            "A NumPy file for an input (.npz: its array of that name): of the input's shape for one step, or with one more leading axis for a sequence. "
            + "An input without that axis is the same at every step. A state's name gives its first value. Float64 is rounded to float32; a number beyond it is an error.",
        HelpName = "NAME=FILE.npy",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string[]> Output = new("--output")
    {
        Description = "Where an output goes, stacked along a new leading axis for a sequence; a state's name, or that of an output that became a state, gives its last value. Without any, a summary is printed.",
        HelpName = "NAME=FILE.npy",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<bool> Stream = new("--stream")
    {
        Description = "Call the model once for every slice of the sequence, with the state carried. Without it one call takes the whole sequence; the results have the same bits.",
    };

    private static readonly Option<string?> Kernel = ModelSource.KernelOption();

    private static readonly Option<bool> Stats = new("--stats")
    {
        Description = "End with speed, times, allocated bytes, kernel and model size on standard error.",
    };

    public static Command Create()
    {
        var command = new Command("run", "Feeds NumPy arrays through a model.") { Input, Output, Stream, Kernel, Stats };
        var source = new SourceOptions(command, "After every step this output becomes that input; its first value is its --input, or zeros. In an ONNX model the input becomes a state.");
        var model = new ModelArgument(
            command, "MODEL", $"The model: {ModelSource.Formats}. Dimensions of an ONNX model that nothing binds are those of the inputs given.", true, [Input, Output, .. source.OfPairs]);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source));
        return command;
    }

    private static int Run(ParseResult arguments, string path, SourceOptions options)
    {
        var import = options.Read(arguments);
        List<(string Left, string Right)> feedback = [];
        if (!ModelSource.IsOnnx(path))
        {
            feedback = ParsePairs(arguments, options.State);
            import = import with { States = import.States.Clear() };
        }

        var inputs = ParsePairs(arguments, Input);
        var arrays = InputArray.Read(inputs);
        using var source = ModelSource.Load(path, import, arguments.GetValue(Kernel), arrays: arrays);
        var outputs = ParsePairs(arguments, Output);
        Check(source, outputs);
        var run = new ModelRun(source, arrays, feedback, arguments.GetValue(Stream));
        var files = OpenOutputs(outputs, [new InputFile("model ", path), .. options.Files(arguments), .. inputs.Select(pair => new InputFile($"--input {pair.Left}=", pair.Right))]);
        var states = run.Run(arguments.GetValue(Stats));

        foreach (var ((name, _), file) in outputs.Zip(files))
        {
            var output = source.Model.Outputs.Select(info => info.Name).ToList().IndexOf(name);
            var array = output >= 0 ? run.Output(output) : FindState(states, source.StateOf(name));
            file.Write(partial => NpyFile.Write(partial, array));
        }

        if (outputs.Count == 0)
        {
            Summarise(source.Model, run, states);
        }

        if (arguments.GetValue(Stats))
        {
            Statistics.Write(
                source, run.Times, run.AllocatedBytes,
                ("steps", $"{run.TimeSteps}, {Text.Number(run.TimeSteps / run.Elapsed.TotalSeconds, "0")} steps/s, {run.ChunkLength} a call"));
        }

        return 0;
    }

    private static void Check(ModelSource source, List<(string Left, string Right)> outputs)
    {
        var model = source.Model;
        foreach (var (name, _) in outputs)
        {
            if (!model.Outputs.Concat(model.States).Any(info => info.Name == source.StateOf(name)))
            {
                throw new CliException(
                    $"the model has no output '{name}'; outputs are {string.Join(", ", model.Outputs.Select(info => $"'{info.Name}'"))}, states are {string.Join(", ", model.States.Select(info => $"'{info.Name}'").DefaultIfEmpty("none"))}");
            }
        }
    }

    /// <summary>All outputs, before any is made: each a file of its own, and none that is read.</summary>
    private static List<OutputFile> OpenOutputs(List<(string Left, string Right)> outputs, InputFile[] read)
    {
        var files = new List<OutputFile>();
        foreach (var (name, path) in outputs)
        {
            var file = new OutputFile($"--output {name}=", path);
            if (files.FindIndex(other => file.IsSameAs(other.Identity)) is >= 0 and var same)
            {
                throw file.Error($"the same file as --output {outputs[same].Left}={outputs[same].Right}; each output needs its own");
            }

            foreach (var input in read)
            {
                if (file.IsSameAs(input.Status().Identity))
                {
                    throw file.Error($"the same file as {input.Argument}{input.Path}, which is read");
                }
            }

            files.Add(file);
        }

        return files;
    }

    private static NpyArray FindState((TensorInfo State, float[] Value)[] states, string name)
    {
        var (state, value) = states.First(candidate => candidate.State.Name == name);
        return NpyArray.From(value, [.. state.Shape.Dimensions]);
    }

    private static void Summarise(RnnModel model, ModelRun run, (TensorInfo State, float[] Value)[] states)
    {
        var listing = new Listing("", "name", "kind", "shape", ">minimum", ">mean", ">maximum", ">not finite");
        for (var i = 0; i < model.Outputs.Length; i++)
        {
            var array = run.Output(i);
            AddSummary(listing, model.Outputs[i].Name, "output", array.Shape, array.ToFloat32(""));
        }

        foreach (var (state, value) in states)
        {
            AddSummary(listing, state.Name, "state", state.Shape.Dimensions, value);
        }

        listing.Write();
    }

    private static void AddSummary(Listing listing, string name, string kind, IEnumerable<int> shape, float[] values)
    {
        var finite = values.Where(float.IsFinite).ToArray();
        string Show(Func<float[], double> function) => finite.Length == 0 ? "-" : Text.Number(function(finite), "G6");
        listing.Add(
            name, kind, $"[{string.Join(", ", shape)}]", Show(numbers => numbers.Min()), Show(numbers => numbers.Average(number => (double)number)), Show(numbers => numbers.Max()),
            Text.Count(values.Length - finite.Length));
    }

    private static List<(string Left, string Right)> ParsePairs(ParseResult arguments, Option<string[]> option) =>
        Pairs.Parse((arguments.GetValue(option) ?? []).Where(Pairs.IsPair), option.Name);
}
