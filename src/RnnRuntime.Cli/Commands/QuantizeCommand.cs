using System.CommandLine;
using System.CommandLine.Parsing;
using RnnRuntime.Cli.Checking;
using RnnRuntime.Cli.Comparing;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Running;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class QuantizeCommand
{
    /// <summary>Steps of random input for the report where no calibration data are given.</summary>
    private const int RandomSteps = 1000;

    /// <summary>Steps of calibration data that the report takes at most.</summary>
    private const int MostSteps = 10_000;

    private const string CalibrateArgument = "--calibrate ";

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The model to write (.rnn).",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string> Precision = new Option<string>("--precision")
    {
        Description =
            "int8: a byte a weight. fp16 (float16), bf16 (bfloat16): two bytes, float32 arithmetic. mixed: for each node the fastest of all that keeps the outputs at --min-snr. "
            + "fp32: as they are, for --prune alone.",
        HelpName = "PRECISION",
        DefaultValueFactory = _ => "int8",
    }.AcceptOnlyFromAmong("int8", "fp16", "bf16", "mixed", "fp32");

    private static readonly Option<string[]> KeepFloat = new("--keep-float")
    {
        Description = "A node that stays float32; can be given several times.",
        HelpName = "NODE",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<bool> AllowSlower = new("--allow-slower")
    {
        Description = "Also nodes whose steps the precision makes slower; without it they stay float32.",
    };

    private static readonly Option<string?> Calibrate = new("--calibrate")
    {
        Description =
            "Typical input: a .npz file or a folder of .npy files, its arrays named as the model's inputs, with a leading axis of steps; for a language model also a text (.txt). "
            + "From it come the ranges of vectors that no function bounds.",
        HelpName = "DATA",
    };

    private static readonly Option<double?> Percentile = new Option<double?>("--percentile")
    {
        Description = "With --calibrate: a range is this percentile of the steps' largest magnitudes instead of the largest of all.",
        HelpName = "P",
    }.Checked<double>(percentile => percentile is > 0 and <= 100, "a number above 0 and at most 100");

    private static readonly Option<double?> Prune = new Option<double?>("--prune")
    {
        Description = "Keep this share of the blocks of 8 outputs by 4 inputs of each matrix, those of the largest weights; the others become zeros first.",
        HelpName = "D",
    }.Checked<double>(density => density is > 0 and < 1, "a number above 0 and below 1");

    private static readonly Option<double?> MinimumSnr = new Option<double?>("--min-snr")
    {
        Description = "With --precision mixed: the least signal-to-noise ratio of the outputs, in dB (40).",
        HelpName = "DB",
    }.Checked<double>(double.IsFinite, "a finite number");

    private static readonly Option<string?> Report = new("--report")
    {
        Description = "Where a report goes that compares both models: .html a page with tables and plots, .png the plots, .json all numbers.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command(
            "quantize",
            "Makes a model with weights of fewer bits out of a float32 one and shows what that costs. A golden input inside the file is kept; its golden output becomes what the new model gives.")
        {
            Output, Precision, KeepFloat, AllowSlower, Calibrate, Percentile, Prune, MinimumSnr, Report,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(command, "MODEL", $"A float32 model: {ModelSource.Formats}.", true, source.OfPairs);
        command.Validators.Add(Validate);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source));
        return command;
    }

    private static void Validate(CommandResult result)
    {
        if (result.GetResult(Percentile) is { Implicit: false } && result.GetValue(Calibrate) is null)
        {
            result.AddError("--percentile needs --calibrate DATA");
        }
        else if (result.GetValue(Precision) == "fp32" && result.GetValue(Prune) is null)
        {
            result.AddError("--precision fp32 needs --prune D: without it nothing would change");
        }
        else if (result.GetResult(MinimumSnr) is { Implicit: false } && result.GetValue(Precision) != "mixed")
        {
            result.AddError("--min-snr needs --precision mixed");
        }
    }

    private static int Run(ParseResult arguments, string model, SourceOptions options)
    {
        var path = arguments.GetValue(Output)!;
        var target = new OutputFile("--output ", path);
        var report = arguments.GetValue(Report) is { } file ? new ComparisonReport(file) : null;
        report?.CheckIsNone([new InputFile("model ", model), .. options.Files(arguments)]);
        var arrays = arguments.GetValue(Calibrate) is { } data && !IsText(data) ? GoldenArrays.Read(data, CalibrateArgument) : null;
        using var source = ModelSource.Load(model, options.Read(arguments), arrays: arrays);
        var calibration = CalibrationOf(arguments, source, arrays);
        var quantization = RnnQuantizer.Quantize(source.Model, new RnnQuantizationOptions
        {
            Precision = PrecisionOf(arguments.GetValue(Precision)!),
            KeepFloat = arguments.GetValue(KeepFloat) ?? [],
            NeverSlower = !arguments.GetValue(AllowSlower),
            Calibration = calibration,
            Percentile = arguments.GetValue(Percentile),
            Density = arguments.GetValue(Prune),
            MinimumDecibels = arguments.GetValue(MinimumSnr) ?? new RnnQuantizationOptions().MinimumDecibels,
        });
        using var quantized = quantization.CreateModel();
        var original = source.Bytes;

        // The source may be the target.
        target.Write(quantized.Save);
        var bytes = new FileInfo(path).Length;
        Console.Out.WriteLine($"{path}: {Text.Bytes(bytes)}, from {Text.Bytes(original)}");
        Console.Out.WriteLine();
        WriteChoices(quantization);
        Console.Out.WriteLine();
        WriteComparison(source, quantized, calibration, report, new ComparisonHeading(
            $"{source.Name} ({Text.Bytes(original)})", $"{path} ({Text.Bytes(bytes)})", arguments.GetValue(Calibrate) ?? $"random, seed 1; no {CalibrateArgument.Trim()} was given", quantized.Kernel));
        return 0;
    }

    private static void WriteChoices(RnnQuantization quantization)
    {
        var choices = new Listing("", "node", "operator", "weights", "why not as asked");
        foreach (var choice in quantization.Choices)
        {
            choices.Add(Text.OneLine(choice.Node, int.MaxValue), choice.Operator, Text.Of(choice.Precision), choice.Reason);
        }

        choices.Write();
        Console.Out.WriteLine();
        var errors = new Listing("", "output", ">predicted largest error", ">SNR, dB");
        foreach (var error in quantization.PredictedErrors)
        {
            errors.Add(ComparisonTables.Name(error.Output), Text.Number(error.LargestError, "G3"), ComparisonTables.Decibels(error.SnrDecibels));
        }

        errors.Write();
    }

    private static void WriteComparison(ModelSource source, RnnModel quantized, RnnInputs? calibration, ComparisonReport? report, ComparisonHeading heading)
    {
        var inputs = calibration ?? RnnInputs.Random(source.Model.Graph, RandomSteps, 1);
        RnnComparison comparison;
        using (var progress = new Progress("compare", 1000))
        {
            comparison = RnnComparer.Compare(
                source.Model.Graph, quantized.Graph, inputs, new RnnComparisonOptions { Steps = Math.Min(inputs.Steps, MostSteps), Progress = progress });
        }

        ComparisonText.Print(comparison, heading);
        report?.Write(comparison, heading);
    }

    private static RnnInputs? CalibrationOf(ParseResult arguments, ModelSource source, List<InputArray>? arrays)
    {
        if (arguments.GetValue(Calibrate) is not { } path)
        {
            return null;
        }

        if (arrays is null)
        {
            return ComparisonInput.FromText(source, path, 0);
        }

        // Expected outputs and states may lie beside the inputs, as in goldens.
        var others = source.Model.Outputs.Concat(source.Model.States).Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var inputs = source.Model.Inputs.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        return ComparisonInput.FromArrays(source.Model, [.. arrays.Where(array => inputs.Contains(array.Name) || !others.Contains(source.StateOf(array.Name)))]);
    }

    private static bool IsText(string path) => Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase);

    private static RnnPrecision PrecisionOf(string name) => name switch
    {
        "fp16" => RnnPrecision.Float16,
        "bf16" => RnnPrecision.BFloat16,
        "mixed" => RnnPrecision.Mixed,
        "fp32" => RnnPrecision.Float32,
        _ => RnnPrecision.Int8,
    };
}
