using System.CommandLine;
using System.CommandLine.Parsing;
using RnnRuntime.Cli.Checking;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Sources;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Commands;

internal static class ConvertCommand
{
    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The model to write (.rnn).",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string?> Check = new("--check")
    {
        Description =
            "Before the file takes its name: what was written gives the same bits as the model in memory, and meets the goldens that are given or that a .rnn source carries. "
            + "GOLDEN is a .npz file or a folder of .npy files, its arrays named as the model's inputs, states and outputs; with one more leading axis they are a sequence.",
        HelpName = "GOLDEN",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<double> Tolerance = new Option<double>("--tolerance")
    {
        Description = "How far from a golden value an output may be, relative to the larger of 1 and the value.",
        HelpName = "T",
        DefaultValueFactory = _ => 1e-4,
    }.Checked(tolerance => double.IsFinite(tolerance) && tolerance >= 0, "a finite number, at least 0,");

    private static readonly Option<bool> EmbedGolden = new("--embed-golden")
    {
        Description = "The model carries the goldens of --check, which can then be verified wherever it is loaded.",
    };

    public static Command Create()
    {
        var command = new Command("convert", "Makes a .rnn model out of a model file of another tool, exactly or not at all.") { Output, Check, Tolerance, EmbedGolden };
        var source = new SourceOptions(command);
        var model = new ModelArgument(command, "SOURCE", $"The model file: {ModelSource.Formats}; its content tells.", true, source.OfPairs);
        command.Validators.Add(Validate);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source));
        return command;
    }

    private static void Validate(CommandResult result)
    {
        if (result.GetValue(EmbedGolden) && result.GetValue(Check) is null)
        {
            result.AddError("--embed-golden needs --check GOLDEN");
        }
        else if (result.GetResult(Tolerance) is { Implicit: false } && result.GetValue(Check) is null)
        {
            result.AddError("--tolerance needs --check GOLDEN");
        }
    }

    private static int Run(ParseResult arguments, string path, SourceOptions options)
    {
        var import = options.Read(arguments);
        var outputPath = arguments.GetValue(Output)!;
        var target = new OutputFile("--output ", outputPath);
        foreach (var input in (InputFile[])[new InputFile("source ", path), .. options.Files(arguments)])
        {
            if (target.IsSameAs(input.Status().Identity))
            {
                throw target.Error($"the same file as {input.Argument}{input.Path}, which is read");
            }
        }

        // What nothing else binds has the extents of the goldens, as a run takes them from its inputs.
        var arrays = arguments.GetValue(Check) is { } golden ? GoldenArrays.Read(golden, "--check ") : null;
        using var source = ModelSource.Load(path, import, argument: "source ", arrays: arrays);
        var goldens = arrays is null ? null : new GoldenRun(source, import, arrays);
        using var converted = arguments.GetValue(EmbedGolden)
            ? RnnModel.FromGraph(source.Model.Graph, goldens!.ToVectors(), null)
            : null;
        var model = converted ?? source.Model;
        var isChecked = arguments.GetResult(Check) is not null;
        target.Write(partial =>
        {
            model.Save(partial);
            if (isChecked)
            {
                CheckFile(partial, model, goldens, arguments.GetValue(Tolerance));
            }
        });

        Describe(outputPath, source, import);
        return 0;
    }

    private static void CheckFile(string file, RnnModel original, GoldenRun? goldens, double tolerance)
    {
        // Not mapped: the file is still to be renamed.
        using var reloaded = RnnModel.Load(File.ReadAllBytes(file));
        ReloadCheck.Run(original, reloaded);
        Line("check", $"the file gives the bits of the model in memory over {ReloadCheck.Steps} steps");
        if (goldens is not null)
        {
            var results = goldens.Run(reloaded, tolerance);
            foreach (var result in results)
            {
                Line("check", result.Describe());
            }

            if (results.FirstOrDefault(result => !result.Passed) is { } failed)
            {
                throw new CliException($"--check: the goldens are not met within {Text.Number(tolerance, "R")} of the larger of 1 and the value: {failed.Describe()}");
            }
        }

        if (reloaded.HasGolden)
        {
            Line("check", $"the goldens in the file: largest difference {Text.Number(reloaded.VerifyGolden(), "G3")}");
        }
    }

    private static void Describe(string path, ModelSource source, RnnImportOptions import)
    {
        var graph = source.Model.Graph;
        var nodes = graph.DescribeNodes();
        Line("file", $"{path}: {Text.Bytes(new FileInfo(path).Length)}, from {source.Name}, {Text.Bytes(source.Bytes)}");
        Line("nodes", source.Report is { } report ? $"{nodes.Length}, from {report.FileNodes} of the file" : Text.Count(nodes.Length));
        if (source.Report is not null)
        {
            Line("folded", $"{source.Report.FoldedNodes} nodes of the file to constants");
        }

        Line("parameters", Text.Count(nodes.Sum(node => node.ParameterCount)));
        foreach (var name in import.Fix.Keys.Concat(import.Constants.Keys).Order(StringComparer.Ordinal))
        {
            Line("fixed", import.Fix.TryGetValue(name, out var number) ? $"{name} = {number}" : $"{name}, {import.Constants[name].Length} values");
        }

        foreach (var input in graph.Inputs)
        {
            Line("input", $"{input.Name} {Text.Of(input)}");
        }

        foreach (var output in graph.Outputs)
        {
            Line("output", $"{output.Name} {Text.Of(output)}");
        }

        foreach (var state in graph.States)
        {
            var pair = source.Report?.States.FirstOrDefault(pair => pair.Input == state.Name);
            Line("state", $"{state.Name} {Text.Of(state)}{(pair is null ? "" : $", replaced by {pair.Output} ({(pair.IsGiven ? "--state" : "found by names and shapes")})")}");
        }

        if (graph.Metadata.TryGetValue("vocabulary", out var vocabulary))
        {
            Line("vocabulary", $"{vocabulary.EnumerateRunes().Count()} characters");
        }
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-12}{value}");
}
