using System.CommandLine;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class QuantizeCommand
{
    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The int8 model to write (.rnn).",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string[]> KeepFloat = new("--keep-float")
    {
        Description = "A node that stays float32; can be given several times.",
        HelpName = "NODE",
    };

    private static readonly Option<bool> AllowSlower = new("--allow-slower")
    {
        Description = "Also nodes whose steps the precision makes slower; without it they stay float32.",
    };

    public static Command Create()
    {
        var command = new Command(
            "quantize",
            "Makes a model with weights of fewer bits out of a float32 one. A golden input inside the file is kept; its golden output becomes what the new model gives.")
        {
            Output, KeepFloat, AllowSlower,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(command, "MODEL", $"A float32 model: {ModelSource.Formats}.", true, source.OfPairs);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source));
        return command;
    }

    private static int Run(ParseResult arguments, string model, SourceOptions options)
    {
        var path = arguments.GetValue(Output)!;
        var target = new OutputFile("--output ", path);
        using var source = ModelSource.Load(model, options.Read(arguments));
        var quantization = RnnQuantizer.Quantize(source.Model, new RnnQuantizationOptions { KeepFloat = arguments.GetValue(KeepFloat) ?? [], NeverSlower = !arguments.GetValue(AllowSlower) });
        using var quantized = quantization.CreateModel();

        // The source may be the target.
        target.Write(quantized.Save);
        Console.Out.WriteLine($"{path}: {Text.Bytes(new FileInfo(path).Length)}, from {Text.Bytes(source.Bytes)}");
        return 0;
    }
}
